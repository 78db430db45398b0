import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { randomBytes } from '../fixtures/random.ts'
import { expect } from '../report.ts'
import type { Dockerd } from '../servers/dockerd.ts'
import { freePort } from '../servers/free-port.ts'
import { projectRoot, workFolder } from '../servers/workspace.ts'
import { doctorOnCluster } from './cluster-doctor.ts'
import { replicaVanishes } from './vanished-replica.ts'

const FILE = path.join(projectRoot, 'deploy/compose.cluster.yaml')
const PROJECT = 'lamina-cluster'
const PASSWORD = 'Cluster-run-2718'
/** Debian has no Grafana. */
const SERVICES = ['lamina-1', 'lamina-2', 'nginx', 'prometheus']
const IMAGES = 4
const IMAGE_BYTES = 12_000_000
const targets = z.object({
  data: z.object({ activeTargets: z.array(z.object({ health: z.string() })) }),
})

interface Cluster {
  readonly engine: Dockerd
  readonly folder: string
  readonly host: string
  readonly compose: (...args: string[]) => Promise<string>
}

/** compose.cluster.yaml from nothing: two replicas behind nginx, one of which is killed while docker pushes and pulls. */
export async function clusterRuns(
  engine: Dockerd,
  folder: string,
  images: Record<string, string>,
): Promise<string> {
  const port = await freePort()
  const net = `10.${208 + (port % 16)}.${port % 251}`
  const env = {
    ...images,
    LAMINA_PORT: String(port),
    // What a run that was killed left behind has another network.
    CLUSTER_NET: net,
    LAMINA_SECRET: 's'.repeat(40),
    LAMINA_ADMIN_PASSWORD: PASSWORD,
    POSTGRES_PASSWORD: 'records-2718',
    S3_KEY: 'bytes',
    S3_SECRET: 'bytes-2718',
    GRAFANA_PASSWORD: 'not-run',
  }
  const compose = (...args: string[]): Promise<string> =>
    engine.compose(['-p', PROJECT, '-f', FILE, ...args], env)
  const cluster: Cluster = { engine, folder, host: `localhost:${port}`, compose }
  try {
    await compose('up', '-d', '--no-build', ...SERVICES)
    await bothReady(cluster)
    await engine.login(cluster.host, 'admin', PASSWORD)
    const built = await buildImages(cluster)
    await whileReplicasDie(cluster, built)
    const vanished = await replicaVanishes({
      engine,
      host: cluster.host,
      password: PASSWORD,
      network: `${PROJECT}_default`,
      replica: { container: nameOf('lamina-2'), address: `${net}.12`, name: 'lamina-2' },
    })
    await bothReady(cluster)
    await prometheusSees(cluster)
    const planted = await doctorOnCluster({
      engine,
      replica: nameOf('lamina-1'),
      postgres: nameOf('postgres'),
    })
    return `${built.length} images pushed and pulled back while each replica was killed once; when one vanished ${vanished}; the doctor found ${planted} planted mistakes; Grafana not run`
  } catch (error) {
    const log = path.join(await workFolder('logs'), 'compose-cluster.log')
    await writeFile(log, await compose('logs', '--no-color'))
    throw error
  } finally {
    await compose('down', '--volumes')
  }
}

const nameOf = (service: string): string => `${PROJECT}_${service}_1`

async function bothReady({ engine, host }: Cluster): Promise<void> {
  for (const replica of ['lamina-1', 'lamina-2'])
    await until(`${replica} is ready`, async () => {
      const { code } = await engine.try(['exec', nameOf(replica), 'lamina', 'status'])
      return code === 0
    })
  await until('nginx leads to a replica', async () => (await fetch(`http://${host}/readyz`)).ok)
}

async function buildImages({ engine, folder, host }: Cluster): Promise<readonly Built[]> {
  const built: Built[] = []
  for (let number = 0; number < IMAGES; number++) {
    const context = path.join(folder, `cluster-${number}`)
    await mkdir(context, { recursive: true })
    await writeFile(path.join(context, 'data'), randomBytes(`cluster-${number}`, IMAGE_BYTES))
    await writeFile(path.join(context, 'Dockerfile'), 'FROM scratch\nCOPY data /data\nCMD ["/data"]\n')
    const name = `${host}/demo/app:v${number}`
    await engine.run(['build', '-t', name, context])
    built.push({ name, id: await idOf(engine, name) })
  }
  return built
}

interface Built {
  readonly name: string
  readonly id: string
}

function idOf(engine: Dockerd, name: string): Promise<string> {
  return engine.run(['image', 'inspect', '--format', '{{.Id}}', name])
}

/** Every push and pull ends well, whichever replica dies in the midst of them, and the dead one serves again after its start. */
async function whileReplicasDie(cluster: Cluster, built: readonly Built[]): Promise<void> {
  const { engine } = cluster
  const killed = async (replica: string, act: () => Promise<unknown>): Promise<void> => {
    const kill = async (): Promise<void> => {
      await sleep(300)
      await engine.run(['kill', nameOf(replica)])
    }
    await Promise.all([act(), kill()])
    await engine.run(['start', nameOf(replica)])
    await bothReady(cluster)
    await servesAgain(cluster, replica)
  }
  await killed('lamina-1', () => Promise.all(built.map(({ name }) => engine.run(['push', name]))))
  for (const { name } of built) await engine.run(['image', 'rm', '--force', name])
  await killed('lamina-2', () => Promise.all(built.map(({ name }) => engine.run(['pull', name]))))
  for (const { name, id } of built)
    expect((await idOf(engine, name)) === id, `${name} came back as another image`)
}

/** A replica that came back, perhaps under another address, gets requests from nginx. */
async function servesAgain({ engine, host }: Cluster, replica: string): Promise<void> {
  await until(`nginx leads to ${replica} again`, async () => {
    await fetch(`http://${host}/v2/`, { headers: { 'user-agent': `after-the-start-of-${replica}` } })
    const log = await engine.run(['logs', '--tail', '20', nameOf(replica)])
    return log.includes(`after-the-start-of-${replica}`)
  })
}

/** Prometheus, which only the network of the file reaches, scrapes both. */
async function prometheusSees({ compose }: Cluster): Promise<void> {
  await until('Prometheus scrapes both replicas', async () => {
    const said = await compose(
      'exec',
      '-T',
      'prometheus',
      'curl',
      '-s',
      'http://127.0.0.1:9090/api/v1/targets',
    )
    const { activeTargets } = targets.parse(JSON.parse(said)).data
    return activeTargets.length === 2 && activeTargets.every(({ health }) => health === 'up')
  })
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000
  while (!(await holds().catch(() => false))) {
    expect(Date.now() < deadline, `not in time: ${what}`)
    await sleep(500)
  }
}
