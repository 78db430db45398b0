import path from 'node:path'
import { makeImage, writeLayout } from '../fixtures/image.ts'
import { expect } from '../report.ts'
import { must } from '../servers/processes.ts'
import { builtTool } from '../servers/workspace.ts'
import { importArchive } from './archives.ts'
import { type ClientTest, expectUploaded, look, sentBytes, type World } from './world.ts'

/** crane, for what go-containerregistry does: ko, kaniko and cosign push the same way. */
export const crane: ClientTest = {
  name: 'crane',
  transports: ['http', 'tls'],
  run: async (world) => {
    const label = world.tls ? 'crane tls' : 'crane'
    const { report, host, folder, registry } = world
    const app = `${host}/crane/app`
    const base = { seed: 'crane-base', size: 700_000 }
    const first = makeImage({ layers: [base, { seed: 'crane-one', size: 90_000 }] })
    const second = makeImage({ layers: [base, { seed: 'crane-two', size: 90_000 }] })
    await report.scenario(`${label}: login`, async () => {
      await run(world, ['auth', 'login', host, '-u', world.user, '-p', world.password])
      return 'stored'
    })
    await report.scenario(`${label}: push`, async () => {
      await writeLayout(first, path.join(folder, 'one'), 'v1')
      look(world)
      await run(world, ['push', path.join(folder, 'one'), `${app}:v1`])
      const wire = look(world)
      expectUploaded(
        wire,
        [first.config, ...first.layers].map(({ digest }) => digest),
        'first push',
      )
      return sentBytes(wire)
    })
    await report.scenario(`${label}: push with one changed layer`, async () => {
      await writeLayout(second, path.join(folder, 'two'), 'v2')
      await run(world, ['push', path.join(folder, 'two'), `${app}:v2`])
      const wire = look(world)
      const added = [second.config, ...second.layers.slice(1)].map(({ digest }) => digest)
      expectUploaded(wire, added, 'second push')
      return sentBytes(wire)
    })
    await report.scenario(`${label}: digest and pull`, async () => {
      const digest = await run(world, ['digest', `${app}:v2`])
      expect(digest === second.manifest.digest, `digest is ${digest}`)
      await run(world, ['pull', '--format', 'oci', `${app}@${digest}`, path.join(folder, 'pulled')])
      const wire = look(world)
      const missing = [second.config, ...second.layers].filter((blob) => !wire.downloaded.has(blob.digest))
      expect(missing.length === 0, `${missing.length} blobs did not come down`)
      await run(world, ['validate', '--remote', `${app}:v2`])
      return digest.slice(0, 19)
    })
    if (!world.tls)
      await report.scenario('crane: what crane pull writes is imported', async () => {
        const archive = path.join(folder, 'pulled.tar')
        await run(world, ['pull', `${app}:v2`, archive])
        const { images } = await importArchive(world, archive, 'crane/imported:v2')
        await run(world, ['validate', '--remote', `${host}/crane/imported:v2`])
        look(world)
        return images.map(({ digest }) => digest.slice(0, 19)).join()
      })
    await report.scenario(`${label}: cp to another repository moves no bytes`, async () => {
      look(world)
      await run(world, ['cp', `${app}:v2`, `${host}/crane/copy:v2`])
      const wire = look(world)
      expect(wire.uploadBytes === 0, `${wire.uploadBytes} bytes of blobs were sent`)
      expect(
        (await registry.manifest('crane/copy', 'v2')).digest === second.manifest.digest,
        'another manifest',
      )
      return sentBytes(wire)
    })
    await report.scenario(`${label}: gcrane walks a folder and copies it`, async () => {
      const listed = await run(world, ['ls', '-r', `${host}/crane`], 'gcrane')
      expect(listed.includes(`${host}/crane/copy:v2`), `ls -r says ${listed}`)
      look(world)
      await run(world, ['cp', '-r', `${host}/crane`, `${host}/gcrane`], 'gcrane')
      expect(look(world).uploadBytes === 0, 'bytes of blobs were sent')
      const copied = await registry.tags('gcrane/copy')
      expect(copied.join() === 'v2', `the copy has ${copied.join()}`)
      return 'by mounts alone'
    })
    await report.scenario(`${label}: gcrane gc names what lost its tag`, async () => {
      await run(world, ['cp', `${app}:v1`, `${host}/gcrane/copy:v2`])
      const found = await run(world, ['gc', '-r', `${host}/gcrane`], 'gcrane')
      expect(found.includes(`${host}/gcrane/copy@${second.manifest.digest}`), `gc -r says ${found}`)
      expect(!found.includes(first.manifest.digest), `gc -r names what has a tag: ${found}`)
      await run(world, ['delete', `${host}/gcrane/copy@${second.manifest.digest}`])
      expect(
        !(await run(world, ['gc', `${host}/gcrane/copy`], 'gcrane')).includes('copy@'),
        'it is still named',
      )
      return second.manifest.digest.slice(0, 19)
    })
    await report.scenario(`${label}: ls and delete`, async () => {
      expect((await run(world, ['ls', app])) === 'v1\nv2', 'ls lists other tags')
      await run(world, ['delete', `${app}:v1`])
      expect((await run(world, ['ls', app])) === 'v2', 'the tag is still listed')
      await run(world, ['delete', `${app}@${second.manifest.digest}`])
      const answer = await registry.request('GET', `/v2/crane/app/manifests/${second.manifest.digest}`)
      expect(answer.status === 404, `the deleted manifest answers ${answer.status}`)
      return 'tag, then digest'
    })
  },
}

function run(world: World, args: string[], tool: 'crane' | 'gcrane' = 'crane'): Promise<string> {
  const env = {
    DOCKER_CONFIG: path.join(world.folder, 'docker'),
    ...(world.tls ? { SSL_CERT_FILE: world.tls.ca } : {}),
  }
  return must(builtTool(tool), args, { env })
}
