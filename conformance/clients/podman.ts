import { cp, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { makeImage, writeArchive } from '../fixtures/image.ts'
import { expect } from '../report.ts'
import { must } from '../servers/processes.ts'
import { exportArchive, importArchive } from './archives.ts'
import { blobsOf, type ClientTest, checkImage, look, sentBytes, type World } from './world.ts'

/** podman (and with it buildah: the same library). It compresses layers itself, so their digests are its own. */
export const podman: ClientTest = {
  name: 'podman',
  transports: ['http', 'tls'],
  run: async (world) => {
    const label = world.tls ? 'podman tls' : 'podman'
    const { report, host } = world
    const app = `${host}/podman/app`
    await report.scenario(`${label}: login`, async () => {
      if (world.tls) {
        const trusted = path.join(world.folder, 'trusted')
        await mkdir(trusted)
        const unknown = await run(world, ['login', '--cert-dir', trusted, ...credentials(world)]).then(
          () => 'accepted',
          String,
        )
        expect(unknown.includes('x509'), `an unknown authority: ${unknown}`)
        await cp(world.tls.ca, path.join(trusted, 'ca.crt'))
      }
      await run(world, ['login', ...transport(world), ...credentials(world)])
      return world.tls ? 'an unknown authority is refused' : 'stored'
    })
    await report.scenario(`${label}: push`, async () => {
      await load(world, 'v1', 'podman-one')
      look(world)
      await run(world, ['push', ...transport(world), `${app}:v1`])
      const wire = look(world)
      expect(wire.uploaded.size === 3, `${wire.uploaded.size} blobs were sent instead of 3`)
      await checkImage(world, 'podman/app', 'v1')
      return sentBytes(wire)
    })
    await report.scenario(`${label}: push with one changed layer`, async () => {
      await load(world, 'v2', 'podman-two')
      look(world)
      await run(world, ['push', ...transport(world), `${app}:v2`])
      const wire = look(world)
      const before = new Set(await blobsOf(world, 'podman/app', 'v1'))
      const added = (await blobsOf(world, 'podman/app', 'v2')).filter((digest) => !before.has(digest))
      expect(
        [...wire.uploaded.keys()].toSorted().join() === added.toSorted().join(),
        `sent ${sentBytes(wire)}`,
      )
      return sentBytes(wire)
    })
    await report.scenario(`${label}: pull gives the identical image`, async () => {
      const id = await imageId(world, `${app}:v2`)
      await run(world, ['rmi', '--all', '--force'])
      look(world)
      await run(world, ['pull', '-q', ...transport(world), `${app}:v2`])
      const wire = look(world)
      expect((await imageId(world, `${app}:v2`)) === id, 'the pulled image has another id')
      expect(wire.downloaded.size === 3, `${wire.downloaded.size} blobs came down instead of 3`)
      return id.slice(0, 12)
    })
    if (!world.tls)
      await report.scenario('podman: saves what is imported, and loads what is exported', () =>
        inAndOut(world, `${app}:v2`),
      )
    await run(world, ['system', 'reset', '--force'])
  },
}

async function load(world: World, tag: string, seed: string): Promise<void> {
  const image = makeImage({
    layers: [
      { seed: 'podman-base', size: 900_000 },
      { seed, size: 120_000 },
    ],
  })
  const archive = path.join(world.folder, `${tag}.tar`)
  await writeArchive(image, archive, `${world.host}/podman/app:${tag}`)
  await run(world, ['load', '-q', '-i', archive])
}

async function inAndOut(world: World, reference: string): Promise<string> {
  const id = await imageId(world, reference)
  for (const format of ['docker-archive', 'oci-archive']) {
    const archive = path.join(world.folder, `${format}.tar`)
    await run(world, ['save', '-q', '--format', format, '-o', archive, reference])
    await importArchive(world, archive, `podman/${format}:v2`)
    await checkImage(world, `podman/${format}`, 'v2')
  }
  for (const format of ['docker', 'oci'] as const) {
    await run(world, ['rmi', '--all', '--force'])
    await run(world, ['load', '-q', '-i', await exportArchive(world, 'podman/app:v2', format)])
    expect((await imageId(world, id)) === id, `the ${format} archive gives another image`)
  }
  return 'docker and OCI archives, both ways'
}

function imageId(world: World, reference: string): Promise<string> {
  return run(world, ['image', 'inspect', '--format', '{{.Id}}', reference])
}

function credentials({ user, password, host }: World): string[] {
  return ['-u', user, '-p', password, host]
}

function transport(world: World): string[] {
  return world.tls ? ['--cert-dir', path.join(world.folder, 'trusted')] : ['--tls-verify=false']
}

/** Everything podman keeps goes below the scratch folder, never into the machine's own image store. */
function run(world: World, args: string[]): Promise<string> {
  const at = (name: string): string => path.join(world.folder, name)
  const own = [
    '--root',
    at('root'),
    '--runroot',
    at('run'),
    '--tmpdir',
    at('tmp'),
    '--cgroup-manager',
    'cgroupfs',
  ]
  return must('/usr/bin/podman', [...own, '--events-backend', 'none', '--storage-driver', 'vfs', ...args], {
    env: { REGISTRY_AUTH_FILE: at('auth.json') },
  })
}
