import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Image, makeImage, writeDockerArchive, writeLayout } from '../fixtures/image.ts'
import { expect, type Report } from '../report.ts'
import { Cluster, Stores } from '../servers/cluster.ts'
import { Dockerd } from '../servers/dockerd.ts'
import { admin } from '../servers/lamina.ts'
import { finish, must } from '../servers/processes.ts'
import type { S3 } from '../servers/s3.ts'
import { builtTool, scratchFolder } from '../servers/workspace.ts'
import { listObjects } from './objects.ts'
import { Promises } from './promises.ts'

/** How often each cable is pulled. */
const ROUNDS = Number(process.env['CABLE_ROUNDS'] ?? 1)
/** Clients that push at the same time. */
const DOCKERS = 4
const CRANES = 16
/** Of these, how many push images of more than 40 layers. */
const LARGE = { docker: 1, crane: 2 }
/** How often a person or a pipeline tries the same push again. */
const ATTEMPTS = 30

/** One client's push, which can be given again. */
interface Push {
  readonly repository: string
  /** Resolves with whether it succeeded. */
  readonly attempt: () => Promise<boolean>
  /** The digest of the image's manifest as its client knows it. */
  readonly digest: () => Promise<string>
}

/** Kills one part while 20 real clients push; afterwards every image is complete. */
export async function pullTheCable(report: Report): Promise<void> {
  const scratch = await scratchFolder('cable')
  const stores = await Stores.start('cable', { durable: true })
  const docker = await Dockerd.start()
  const cluster = await Cluster.start({ name: 'cable', stores })
  const tools = { docker, cluster, folder: scratch.path, host: `localhost:${cluster.port}` }
  try {
    await login(tools)
    for (let round = 1; round <= ROUNDS; round++) {
      for (const [part, prepare] of cables(cluster, stores)) {
        const name = `cable: ${part} is killed while ${DOCKERS} docker and ${CRANES} crane push`
        await report.scenario(name, () =>
          pushThrough(tools, `${part.replaceAll(/\W/g, '').toLowerCase()}${round}`, { prepare, stores }),
        )
      }
    }
  } finally {
    await cluster.stop()
    await docker.stop()
    await stores.stop()
    await scratch.remove()
  }
}

/** What a part's death takes, before anybody pushes; gives its death. */
type Prepare = () => Promise<() => Promise<void>>

/** Each part with its death and what brings it back: an orchestrator, and for PostgreSQL a manager of standbys. */
function cables(cluster: Cluster, stores: Stores): Map<string, Prepare> {
  return new Map([
    ['a replica', () => Promise.resolve(() => killedForAWhile(cluster.replica(1)))],
    ['the S3 gateway', () => Promise.resolve(() => killedForAWhile(stores.s3))],
    ['the primary of PostgreSQL', () => failOver(stores)],
  ])
}

async function killedForAWhile(server: Pick<S3, 'kill' | 'restart'>): Promise<void> {
  await server.kill()
  await sleep(3000)
  await server.restart()
}

async function failOver(stores: Stores): Promise<() => Promise<void>> {
  const old = stores.postgres
  const standby = await old.standby({ name: 'cable-standby', synchronous: true })
  return async () => {
    await old.kill()
    await sleep(3000)
    await standby.promote()
    stores.postgres = standby
    stores.database.point(standby.port)
    await old.remove()
  }
}

interface Tools {
  readonly docker: Dockerd
  readonly cluster: Cluster
  readonly folder: string
  readonly host: string
}

async function login({ docker, folder, host }: Tools): Promise<void> {
  await docker.run(['login', '-u', admin.user, '-p', admin.password, host])
  const env = { DOCKER_CONFIG: path.join(folder, 'crane') }
  await must(builtTool('crane'), ['auth', 'login', host, '-u', admin.user, '-p', admin.password], { env })
}

async function pushThrough(
  tools: Tools,
  name: string,
  { prepare, stores }: { prepare: Prepare; stores: Stores },
): Promise<string> {
  const kill = await prepare()
  const pushes = await Promise.all([
    ...Array.from({ length: DOCKERS }, (_, at) =>
      dockerPush(tools, `${name}/docker${at}`, at < LARGE.docker),
    ),
    ...Array.from({ length: CRANES }, (_, at) => cranePush(tools, `${name}/crane${at}`, at < LARGE.crane)),
  ])
  const objects = (await listObjects(stores, tools.cluster.settings)).size
  let [attempts, done] = [0, 0]
  const all = pushes.map(async (push) => {
    for (let attempt = 1; ; attempt++) {
      attempts += 1
      if (await push.attempt()) {
        done += 1
        return
      }
      expect(attempt < ATTEMPTS, `${push.repository} does not succeed in ${ATTEMPTS} attempts`)
      await sleep(500)
    }
  })
  const pushed = Promise.all(all)
  pushed.catch(() => undefined)
  await untilMoreThan(objects, () => listObjects(stores, tools.cluster.settings))
  const before = done
  expect(before < pushes.length, 'every push was over before anything was killed')
  await kill()
  await pushed
  const promises = new Promises()
  for (const push of pushes) promises.tag(push.repository, 'v1', { digest: await push.digest() })
  return `${before} of ${pushes.length} pushes were over when it died, ${attempts} attempts in all; ${await promises.verify(tools.cluster, stores)}`
}

/** Waits until the first layers are stored. */
async function untilMoreThan(count: number, list: () => Promise<ReadonlyMap<string, number>>): Promise<void> {
  for (let waited = 0; waited < 300; waited++) {
    if ((await list()).size > count) return
    await sleep(50)
  }
  throw new Error('nobody pushed anything')
}

/** A few layers that all share and some of its own; 42 layers when it is a large one. */
function imageOf(repository: string, large: boolean): Image {
  const own = Array.from({ length: large ? 40 : 2 }, (_, at) => ({
    seed: `${repository}-${at}`,
    size: large ? 25_000 : 1_500_000,
  }))
  return makeImage({
    layers: [{ seed: 'cable-base', size: 2_000_000 }, { seed: 'cable-shared', size: 100_000 }, ...own],
  })
}

async function cranePush({ folder, host }: Tools, repository: string, large: boolean): Promise<Push> {
  const image = imageOf(repository, large)
  const layout = path.join(folder, repository)
  await mkdir(layout, { recursive: true })
  await writeLayout(image, layout, 'v1')
  const env = { DOCKER_CONFIG: path.join(folder, 'crane') }
  return {
    repository,
    attempt: async () =>
      (await finish(builtTool('crane'), ['push', layout, `${host}/${repository}:v1`], { env })).code === 0,
    digest: () => Promise.resolve(image.manifest.digest),
  }
}

/** docker packs layers again, so it alone knows the digest that it pushed. */
async function dockerPush(tools: Tools, repository: string, large: boolean): Promise<Push> {
  const { docker, folder, host } = tools
  const reference = `${host}/${repository}:v1`
  const archive = path.join(folder, `${repository.replaceAll('/', '-')}.tar`)
  await writeDockerArchive(imageOf(repository, large), archive, reference)
  await docker.run(['load', '-i', archive])
  return {
    repository,
    attempt: async () => (await docker.try(['push', reference])).code === 0,
    digest: async () => {
      const digests = await docker.run(['inspect', '--format', '{{join .RepoDigests "\\n"}}', reference])
      const own = digests.split('\n').find((line) => line.startsWith(`${host}/${repository}@`))
      expect(own !== undefined, `docker does not know what it pushed as ${repository}`)
      return own.slice(own.indexOf('@') + 1)
    },
  }
}
