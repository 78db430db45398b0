import path from 'node:path'
import { z } from 'zod'
import { makeImage, writeArchive } from '../fixtures/image.ts'
import { expect } from '../report.ts'
import { type PullCredential, pullByKubelet } from '../servers/container-runtime.ts'
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
    await world.report.scenario('containerd: a pull by secret, as a kubelet asks for it', () =>
      pullBySecret(world),
    )
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
    await engine.push([...remote, `${app}:v1`])
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
    await engine.push([...remote, `${app}:v2`])
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

/** The Container Runtime Interface with what a kubelet reads in the secret that `kubectl create secret` makes. */
async function pullBySecret(world: World): Promise<string> {
  const { host, user, password, registry } = world
  const auth = Buffer.from(`${user}:${password}`).toString('base64')
  const secret = JSON.stringify({ auths: { [host]: { auth } } })
  const image = `${host}/containerd/app:v2`
  const engine = await Containerd.start({ kubernetes: true })
  try {
    const refused = await pullByKubelet(engine.socket, image, { username: user, password: 'wrong' })
    expect(refused.status !== 0, 'a wrong password was taken')
    expect(refused.message.includes('401'), `the refusal says ${refused.message}`)
    look(world)
    const pulled = await pullByKubelet(engine.socket, image, credentialOf(secret, host))
    expect(pulled.status === 0, `the pull ended with ${pulled.status}: ${pulled.message}`)
    const { content, digest } = await registry.manifest('containerd/app', 'v2')
    const config = content.config?.digest ?? ''
    expect(pulled.answer.includes(config), `it calls the image ${pulled.answer.toString()}`)
    const listed = await engine.ctr(['--namespace', 'k8s.io', 'images', 'ls', `name==${image}`])
    expect(listed.includes(digest), 'the image has another digest')
    return `${look(world).downloaded.size} blobs; a wrong password is refused`
  } finally {
    await engine.stop()
  }
}

const dockerConfig = z.object({ auths: z.record(z.string(), z.object({ auth: z.string() })) })

function credentialOf(secret: string, host: string): PullCredential {
  const { auth = '' } = dockerConfig.parse(JSON.parse(secret)).auths[host] ?? {}
  const text = Buffer.from(auth, 'base64').toString()
  const colon = text.indexOf(':')
  return { username: text.slice(0, colon), password: text.slice(colon + 1) }
}
