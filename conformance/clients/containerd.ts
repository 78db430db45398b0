import path from 'node:path'
import { makeImage, writeArchive } from '../fixtures/image.ts'
import { expect } from '../report.ts'
import { Containerd } from '../servers/containerd.ts'
import { type ClientTest, expectUploaded, look, sentBytes, type World } from './world.ts'

/** containerd through ctr: the way that Docker 29, Kubernetes and BuildKit push and pull. */
export const containerd: ClientTest = {
  name: 'containerd',
  transports: ['http'],
  run: async (world) => {
    const engine = await Containerd.start()
    try {
      await scenarios(world, engine)
    } finally {
      await engine.stop()
    }
  },
}

async function scenarios(world: World, engine: Containerd): Promise<void> {
  const { report, host, folder, registry } = world
  const app = `${host}/containerd/app`
  const remote = ['--plain-http', '--user', `${world.user}:${world.password}`]
  const base = { seed: 'containerd-base', size: 900_000 }
  const first = makeImage({ layers: [base, { seed: 'containerd-one', size: 60_000 }] })
  const second = makeImage({ layers: [base, { seed: 'containerd-two', size: 60_000 }] })
  const load = async (image: typeof first, tag: string): Promise<void> => {
    const archive = path.join(folder, `${tag}.tar`)
    await writeArchive(image, archive, tag)
    await engine.ctr(['images', 'import', '--no-unpack', '--base-name', app, archive])
  }
  await report.scenario('containerd: push', async () => {
    await load(first, 'v1')
    look(world)
    await engine.ctr(['images', 'push', ...remote, `${app}:v1`])
    const wire = look(world)
    expectUploaded(
      wire,
      [first.config, ...first.layers].map(({ digest }) => digest),
      'first push',
    )
    expect(
      (await registry.manifest('containerd/app', 'v1')).digest === first.manifest.digest,
      'another manifest',
    )
    return sentBytes(wire)
  })
  await report.scenario('containerd: push with one changed layer', async () => {
    await load(second, 'v2')
    await engine.ctr(['images', 'push', ...remote, `${app}:v2`])
    const wire = look(world)
    expectUploaded(
      wire,
      [second.config, ...second.layers.slice(1)].map(({ digest }) => digest),
      'second push',
    )
    return sentBytes(wire)
  })
  await report.scenario('containerd: pull gives the identical image', async () => {
    await engine.ctr(['images', 'rm', '--sync', `${app}:v1`, `${app}:v2`])
    look(world)
    await engine.ctr(['images', 'pull', ...remote, `${app}:v2`])
    const wire = look(world)
    const missing = [second.config, ...second.layers].filter(({ digest }) => !wire.downloaded.has(digest))
    expect(missing.length === 0, `${missing.length} blobs did not come down`)
    const listed = await engine.ctr(['images', 'ls', `name==${app}:v2`])
    expect(listed.includes(second.manifest.digest), 'the image has another digest')
    return second.manifest.digest.slice(0, 19)
  })
}
