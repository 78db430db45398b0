import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { randomBytes } from '../fixtures/random.ts'
import { expect } from '../report.ts'
import { Dockerd } from '../servers/dockerd.ts'
import { exportArchive, importArchive } from './archives.ts'
import { comparePlans } from './pull-plan.ts'
import { blobsOf, type ClientTest, checkImage, expectUploaded, look, sentBytes, type World } from './world.ts'

/** Debian's Docker engine: what most people push and pull with. */
export const docker: ClientTest = {
  name: 'docker',
  transports: ['http', 'tls'],
  run: async (world) => {
    const engine = await Dockerd.start()
    try {
      if (world.tls) await overTls(world, engine, world.tls.ca)
      else await overHttp(world, engine)
    } finally {
      await engine.stop()
    }
  },
}

const MiB = 2 ** 20

async function overHttp(world: World, engine: Dockerd): Promise<void> {
  const { report, host } = world
  const app = `${host}/docker/app`
  await report.scenario('docker: login', () => login(world, engine))
  await report.scenario('docker: build and push sends every layer once', async () => {
    await build(world, engine, `${app}:v1`, { base: 4 * MiB, app: 'one' })
    return pushAll(world, engine, 'docker/app', 'v1')
  })
  await report.scenario('docker: prints what the registry says of a missing right', () =>
    refused(world, engine, `${app}:v1`),
  )
  await report.scenario(
    'docker: push with one changed layer sends that layer and the configuration',
    async () => {
      await build(world, engine, `${app}:v2`, { base: 4 * MiB, app: 'two' })
      return pushChanged(world, engine)
    },
  )
  await report.scenario('docker: pull gives the identical image', () =>
    pullIdentical(world, engine, `${app}:v2`),
  )
  await report.scenario('docker: push to another repository mounts all layers', () =>
    pushElsewhere(world, engine),
  )
  await report.scenario('docker: manifest list push moves no layer', () => pushList(world, engine))
  await report.scenario('docker: a pull moves what the plan says', async () => {
    await buildTurned(world, engine)
    return comparePlans(world, engine)
  })
  await report.scenario('docker: what docker save writes is imported, and pulled as the same image', () =>
    importSaved(world, engine, `${app}:v2`),
  )
  await report.scenario('docker: docker load reads what is exported', () =>
    loadExported(world, engine, `${app}:v2`),
  )
  await report.scenario('docker: push cut by kill -9 of the server completes after a restart', () =>
    pushThroughCrash(world, engine),
  )
}

async function overTls(world: World, engine: Dockerd, ca: string): Promise<void> {
  const { report, host } = world
  // An unknown authority is not refused here: docker does not look at the certificates of loopback addresses.
  await report.scenario('docker tls: login', async () => {
    await engine.trust(host, ca)
    return login(world, engine)
  })
  await report.scenario('docker tls: push', async () => {
    await build(world, engine, `${host}/docker/tls:v1`, { base: MiB, app: 'tls' })
    return pushAll(world, engine, 'docker/tls', 'v1')
  })
  await report.scenario('docker tls: pull gives the identical image', () =>
    pullIdentical(world, engine, `${host}/docker/tls:v1`),
  )
}

async function login(world: World, engine: Dockerd): Promise<string> {
  const wrong = await engine.try(['login', '-u', world.user, '-p', 'wrong', world.host])
  expect(wrong.code !== 0, 'a wrong password was accepted')
  const said = await engine.run(['login', '-u', world.user, '-p', world.password, world.host])
  expect(said.includes('Login Succeeded'), said)
  return 'a wrong password is refused'
}

/** Its words come out of the challenge: docker leaves out the body of a 401 that has `insufficient_scope`. */
async function refused(world: World, engine: Dockerd, reference: string): Promise<string> {
  const nobody = path.join(world.folder, 'nobody')
  await mkdir(nobody, { recursive: true })
  for (const action of ['pull', 'push']) {
    const { code, stderr } = await engine.try(['--config', nobody, action, reference])
    expect(code !== 0 && stderr.includes(`you may not ${action} there; log in`), `docker says ${stderr}`)
  }
  return 'a pull and a push without a login'
}

/** Builds two layers from scratch; the same seeds give the same layers through docker's build cache. */
async function build(
  world: World,
  engine: Dockerd,
  reference: string,
  { base, app }: { base: number; app: string },
): Promise<void> {
  const context = path.join(world.folder, `context-${app}`)
  await mkdir(context, { recursive: true })
  await writeFile(path.join(context, 'base.bin'), randomBytes(`docker-base-${base}`, base))
  await writeFile(path.join(context, 'app.bin'), randomBytes(`docker-app-${app}`, 300_000))
  await writeFile(
    path.join(context, 'Dockerfile'),
    `FROM scratch\nCOPY base.bin /base.bin\nCOPY app.bin /app.bin\nLABEL app=${app}\nCMD ["/app.bin"]\n`,
  )
  await engine.run(['build', '-t', reference, context])
}

/** The layers of `docker/app:v1` in the other order. */
async function buildTurned(world: World, engine: Dockerd): Promise<void> {
  const context = path.join(world.folder, 'context-one')
  await writeFile(
    path.join(context, 'Dockerfile'),
    'FROM scratch\nCOPY app.bin /app.bin\nCOPY base.bin /base.bin\nCMD ["/app.bin"]\n',
  )
  const reference = `${world.host}/docker/turned:v1`
  await engine.run(['build', '-t', reference, context])
  await engine.run(['push', reference])
}

async function pushAll(world: World, engine: Dockerd, repository: string, tag: string): Promise<string> {
  look(world)
  await engine.run(['push', `${world.host}/${repository}:${tag}`])
  const wire = look(world)
  const blobs = await blobsOf(world, repository, tag)
  expect(blobs.length === 3, `the image has ${blobs.length} blobs`)
  expectUploaded(wire, blobs, 'first push')
  await checkImage(world, repository, tag)
  return sentBytes(wire)
}

async function pushChanged(world: World, engine: Dockerd): Promise<string> {
  look(world)
  await engine.run(['push', `${world.host}/docker/app:v2`])
  const wire = look(world)
  const before = new Set(await blobsOf(world, 'docker/app', 'v1'))
  const added = (await blobsOf(world, 'docker/app', 'v2')).filter((digest) => !before.has(digest))
  expect(added.length === 2, `${added.length} blobs are new`)
  expectUploaded(wire, added, 'second push')
  const closed = [...wire.uploaded.values()].reduce((sum, size) => sum + size, 0)
  expect(
    closed === wire.uploadBytes,
    `${wire.uploadBytes - closed} more bytes went into uploads that were not closed`,
  )
  await checkImage(world, 'docker/app', 'v2')
  return sentBytes(wire)
}

async function pullIdentical(world: World, engine: Dockerd, reference: string): Promise<string> {
  const id = await imageId(engine, reference)
  await forget(engine, id)
  look(world)
  await engine.run(['pull', reference])
  const wire = look(world)
  expect((await imageId(engine, reference)) === id, 'the pulled image has another id')
  expect(wire.downloaded.size === 3, `${wire.downloaded.size} blobs came down instead of 3`)
  return `${id.slice(0, 19)}, ${wire.downloaded.size} blobs`
}

async function importSaved(world: World, engine: Dockerd, reference: string): Promise<string> {
  await engine.run(['pull', reference])
  const archive = path.join(world.folder, 'saved.tar')
  await engine.run(['save', '-o', archive, reference])
  await importArchive(world, archive, 'docker/saved:v2')
  const again = await importArchive(world, archive, 'docker/saved:v2')
  const anew = again.content.filter(({ state }) => state === 'stored')
  expect(anew.length === 0, `the second import stored ${anew.length} pieces again`)
  const id = await imageId(engine, reference)
  await forget(engine, id)
  const saved = `${world.host}/docker/saved:v2`
  await engine.run(['pull', saved])
  expect((await imageId(engine, saved)) === id, 'the imported image has another id')
  return `${id.slice(0, 19)}, ${again.content.length} pieces, none stored twice`
}

async function loadExported(world: World, engine: Dockerd, reference: string): Promise<string> {
  await engine.run(['pull', reference])
  const id = await imageId(engine, reference)
  await forget(engine, id)
  const archive = await exportArchive(world, 'docker/app:v2', 'docker')
  const said = await engine.run(['load', '-i', archive])
  expect((await imageId(engine, id)) === id, `docker load says ${said}`)
  return said.trim().slice(0, 100)
}

async function forget(engine: Dockerd, id: string): Promise<void> {
  await engine.run(['image', 'rm', '--force', id])
  await engine.run(['system', 'prune', '--all', '--force'])
}

async function pushElsewhere(world: World, engine: Dockerd): Promise<string> {
  await engine.run(['tag', `${world.host}/docker/app:v2`, `${world.host}/docker/other:v2`])
  look(world)
  await engine.run(['push', `${world.host}/docker/other:v2`])
  const wire = look(world)
  const [config = '', ...layers] = await blobsOf(world, 'docker/other', 'v2')
  const unmounted = layers.filter((digest) => !wire.mounted.includes(digest))
  expect(unmounted.length === 0, `not mounted: ${unmounted.join(' ')}`)
  // docker never mounts a configuration: it sends it, or finds it there.
  const sent = [...wire.uploaded.keys()].filter((digest) => digest !== config)
  expect(sent.length === 0, `sent layers again: ${sent.join(' ')}`)
  await checkImage(world, 'docker/other', 'v2')
  return sentBytes(wire)
}

async function pushList(world: World, engine: Dockerd): Promise<string> {
  const app = `${world.host}/docker/app`
  await engine.run(['manifest', 'create', '--insecure', `${app}:list`, `${app}:v1`, `${app}:v2`])
  await engine.run(['manifest', 'annotate', '--arch', 'arm64', `${app}:list`, `${app}:v2`])
  look(world)
  await engine.run(['manifest', 'push', '--insecure', `${app}:list`])
  const wire = look(world)
  expect(wire.uploadBytes === 0, `${wire.uploadBytes} bytes of blobs were sent`)
  const { content } = await world.registry.manifest('docker/app', 'list')
  const children = (content.manifests ?? []).map(({ digest }) => digest).toSorted()
  const images = await Promise.all(['v1', 'v2'].map((tag) => world.registry.manifest('docker/app', tag)))
  expect(
    children.join() ===
      images
        .map(({ digest }) => digest)
        .toSorted()
        .join(),
    'the list names other manifests',
  )
  await engine.run(['pull', `${app}:list`])
  return `${children.length} children, ${wire.mounted.length} mounted`
}

/** The server dies after 8 MiB of a 48 MiB layer; the person presses ^C, restarts the server and pushes again. */
async function pushThroughCrash(world: World, engine: Dockerd): Promise<string> {
  const reference = `${world.host}/docker/large:v1`
  await build(world, engine, reference, { base: 48 * MiB, app: 'large' })
  const id = await imageId(engine, reference)
  const cancel = new AbortController()
  world.proxy.onBody = (exchange) => {
    if (exchange.sent < 8 * MiB) return
    world.proxy.onBody = undefined
    world.lamina.killNow()
    cancel.abort()
  }
  const cut = await engine.try(['push', reference], { signal: cancel.signal })
  world.proxy.onBody = undefined
  expect(cancel.signal.aborted, 'the push ended before 8 MiB of a layer were sent')
  expect(cut.code !== 0, 'the cut push reports success')
  await world.lamina.kill()
  await world.lamina.restart()
  look(world)
  await engine.run(['push', reference])
  const wire = look(world)
  await checkImage(world, 'docker/large', 'v1')
  await pullIdentical(world, engine, reference)
  expect((await imageId(engine, reference)) === id, 'the image changed')
  return sentBytes(wire)
}

function imageId(engine: Dockerd, reference: string): Promise<string> {
  return engine.run(['image', 'inspect', '--format', '{{.Id}}', reference])
}
