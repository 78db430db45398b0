import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { makeImage, writeLayout } from '../fixtures/image.ts'
import { expect } from '../report.ts'
import { must } from '../servers/processes.ts'
import { type ClientTest, expectUploaded, look, sentBytes, type World } from './world.ts'

/** skopeo: copy, inspect, list-tags, sync, mirrors, delete. */
export const skopeo: ClientTest = {
  name: 'skopeo',
  transports: ['http'],
  run: async (world) => {
    const { report, host, folder, registry } = world
    const app = `docker://${host}/skopeo/app`
    const image = makeImage({
      layers: [
        { seed: 'skopeo-base', size: 400_000 },
        { seed: 'skopeo-app', size: 50_000 },
      ],
    })
    await report.scenario('skopeo: login and copy to the registry', async () => {
      await run(world, ['login', '--tls-verify=false', '-u', world.user, '-p', world.password, host])
      await writeLayout(image, path.join(folder, 'layout'), 'v1')
      look(world)
      await run(world, ['copy', '--dest-tls-verify=false', `oci:${folder}/layout:v1`, `${app}:v1`])
      const wire = look(world)
      expectUploaded(
        wire,
        [image.config, ...image.layers].map(({ digest }) => digest),
        'copy',
      )
      expect(
        (await registry.manifest('skopeo/app', 'v1')).digest === image.manifest.digest,
        'another manifest',
      )
      return sentBytes(wire)
    })
    await report.scenario('skopeo: copy inside the registry moves no layer', async () => {
      await run(world, [
        'copy',
        '--src-tls-verify=false',
        '--dest-tls-verify=false',
        `${app}:v1`,
        `docker://${host}/skopeo/copy:v1`,
      ])
      const wire = look(world)
      const layers = image.layers.filter(({ digest }) => wire.uploaded.has(digest))
      expect(layers.length === 0, `${layers.length} layers were sent`)
      expect(
        (await registry.manifest('skopeo/copy', 'v1')).digest === image.manifest.digest,
        'another manifest',
      )
      return sentBytes(wire)
    })
    await report.scenario('skopeo: inspect and list-tags', async () => {
      const inspected = await run(world, ['inspect', '--tls-verify=false', `${app}:v1`])
      const { Digest, Layers } = z
        .object({ Digest: z.string(), Layers: z.array(z.string()) })
        .parse(JSON.parse(inspected))
      expect(Digest === image.manifest.digest, `inspect says ${Digest}`)
      expect(Layers.join() === image.layers.map(({ digest }) => digest).join(), 'inspect names other layers')
      const listed = z
        .object({ Tags: z.array(z.string()) })
        .parse(JSON.parse(await run(world, ['list-tags', '--tls-verify=false', app])))
      expect(listed.Tags.join() === 'v1', `list-tags says ${listed.Tags.join()}`)
      return Digest.slice(0, 19)
    })
    await report.scenario('skopeo: sync to a folder', async () => {
      const target = path.join(folder, 'synced')
      await run(world, [
        'sync',
        '--src-tls-verify=false',
        '--src',
        'docker',
        '--dest',
        'dir',
        `${host}/skopeo/app`,
        target,
      ])
      const files = await readdir(path.join(target, 'app:v1'))
      const missing = [image.config, ...image.layers].filter(({ digest }) => !files.includes(digest.slice(7)))
      expect(missing.length === 0, `${missing.length} blobs are missing`)
      return `${files.length} files`
    })
    await report.scenario('skopeo: reads what another registry would have through its mirror', () =>
      readMirrored(world, image.config.digest),
    )
    await report.scenario('skopeo: delete', async () => {
      await run(world, ['delete', '--tls-verify=false', `${app}:v1`])
      const answer = await registry.request('GET', `/v2/skopeo/app/manifests/${image.manifest.digest}`)
      expect(answer.status === 404, `the deleted manifest answers ${answer.status}`)
      return '404 afterwards'
    })
  },
}

async function readMirrored(world: World, config: string): Promise<string> {
  const settings = path.join(world.folder, 'mirrors.conf')
  const mirror = `[[registry.mirror]]\nlocation = "${world.host}/skopeo"\ninsecure = true\n`
  await writeFile(settings, `[[registry]]\nlocation = "upstream.invalid"\n${mirror}`)
  const inspect = ['--registries-conf', settings, 'inspect', '--raw']
  const said = await run(world, [...inspect, 'docker://upstream.invalid/app:v1'])
  expect(said.includes(config), `the mirror gave ${said}`)
  return 'upstream.invalid/app was never asked'
}

function run({ folder }: World, args: string[]): Promise<string> {
  return must('/usr/bin/skopeo', ['--insecure-policy', ...args], {
    env: { REGISTRY_AUTH_FILE: path.join(folder, 'auth.json') },
  })
}
