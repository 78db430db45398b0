import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { digestOf, makeImage, writeLayout } from '../fixtures/image.ts'
import { randomBytes } from '../fixtures/random.ts'
import { expect } from '../report.ts'
import { must } from '../servers/processes.ts'
import { builtTool } from '../servers/workspace.ts'
import { type ClientTest, expectUploaded, look, sentBytes, type World } from './world.ts'

/** regctl: asks for an anonymous mount before every blob. */
export const regctl: ClientTest = {
  name: 'regctl',
  transports: ['http'],
  run: async (world) => {
    const { report, host, folder, registry } = world
    const app = `${host}/regctl/app`
    const image = makeImage({
      layers: [
        { seed: 'regctl-base', size: 400_000 },
        { seed: 'regctl-app', size: 50_000 },
      ],
    })
    await report.scenario('regctl: login', async () => {
      await run(world, ['registry', 'set', '--tls', 'disabled', host])
      await run(world, ['registry', 'login', '-u', world.user, '-p', world.password, host])
      return 'stored'
    })
    await report.scenario('regctl: image copy to the registry', async () => {
      await writeLayout(image, path.join(folder, 'layout'), 'v1')
      look(world)
      await run(world, ['image', 'copy', `ocidir://${folder}/layout:v1`, `${app}:v1`])
      const wire = look(world)
      expectUploaded(
        wire,
        [image.config, ...image.layers].map(({ digest }) => digest),
        'copy',
      )
      expect(
        (await registry.manifest('regctl/app', 'v1')).digest === image.manifest.digest,
        'another manifest',
      )
      return sentBytes(wire)
    })
    await report.scenario('regctl: image copy to another repository moves no bytes', async () => {
      await run(world, ['image', 'copy', `${app}:v1`, `${host}/regctl/copy:v1`])
      const wire = look(world)
      expect(wire.uploadBytes === 0, `${wire.uploadBytes} bytes were sent`)
      return sentBytes(wire)
    })
    await report.scenario('regctl: blob put, head and get', async () => {
      const bytes = randomBytes('regctl-blob', 3_000_000)
      const digest = digestOf(bytes)
      await writeFile(path.join(folder, 'blob'), bytes)
      await shell(world, `blob put ${app} < blob`)
      await run(world, ['blob', 'head', app, digest])
      await shell(world, `blob get ${app} ${digest} > got`)
      expect(digestOf(await readFile(path.join(folder, 'got'))) === digest, 'the blob came back changed')
      return `${bytes.length} bytes`
    })
    await report.scenario('regctl: tag ls and delete', async () => {
      await run(world, ['image', 'copy', `${app}:v1`, `${app}:v2`])
      expect((await run(world, ['tag', 'ls', app])) === 'v1\nv2', 'tag ls lists other tags')
      await run(world, ['tag', 'delete', `${app}:v1`])
      expect((await run(world, ['tag', 'ls', app])) === 'v2', 'the tag is still listed')
      expect(
        (await registry.manifest('regctl/app', 'v2')).digest === image.manifest.digest,
        'the manifest went too',
      )
      return 'the other tag keeps the manifest'
    })
  },
}

function run(world: World, args: string[]): Promise<string> {
  return must(builtTool('regctl'), args, { env: environment(world) })
}

/** For binary content, which must not pass through a string. */
function shell(world: World, line: string): Promise<string> {
  return must('/bin/sh', ['-c', `"$REGCTL" ${line}`], { env: environment(world), cwd: world.folder })
}

function environment(world: World): Record<string, string> {
  return { REGCTL_CONFIG: path.join(world.folder, 'regctl.json'), REGCTL: builtTool('regctl') }
}
