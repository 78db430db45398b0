import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Certificates } from './certificates.ts'
import { must, Server } from './processes.ts'
import { type S3Keys, S3Requests } from './s3-requests.ts'
import { scratchFolder } from './workspace.ts'

/** How a test wants its S3. */
export interface S3Options {
  /** Names the log files. */
  readonly name?: string
  /** Serves https as well, at `tlsUrl`. */
  readonly tls?: Certificates
  /** Has each bucket at a name below this one, too. */
  readonly dnsName?: string
  /** Bytes that fit; they are held in memory. 4 GiB by default. */
  readonly capacity?: number
}

/** The account that every test S3 has. */
const s3Keys: S3Keys = { accessKey: 'testkey', secretKey: 'testsecret' }

/** The one key of its key service, which is a line in its configuration. */
export const KMS_KEY = 'test-key'

/** From the base: 0 gateway, 1 and 2 monitor, 5 gateway with TLS, 10 to 60 the other daemons. */
const PORTS = 64
const TLS_PORT = 5

/**
 * A real S3: Ceph's radosgw with one monitor and one OSD that keeps everything in memory, below a second from nothing
 * to serving. The gateway can be hung, killed and started again while the data stays.
 */
export class S3 {
  readonly #options: S3Options
  readonly #folder: { path: string; remove: () => Promise<void> }
  readonly #port: number
  readonly #daemons: readonly Server[]
  #gateway: Server
  readonly requests: S3Requests

  private constructor(parts: {
    options: S3Options
    folder: { path: string; remove: () => Promise<void> }
    port: number
    daemons: readonly Server[]
    gateway: Server
  }) {
    this.#options = parts.options
    this.#folder = parts.folder
    this.#port = parts.port
    this.#daemons = parts.daemons
    this.#gateway = parts.gateway
    this.requests = new S3Requests(this.url, s3Keys)
  }

  /** Starts monitor, OSD and gateway, and waits until the gateway serves. */
  static async start(options: S3Options = {}): Promise<S3> {
    const folder = await scratchFolder('s3')
    const port = await freePorts()
    const daemons: Server[] = []
    try {
      await startStorage({ options, folder: folder.path, port, daemons })
      const gateway = await startGateway(options, folder.path, port)
      return new S3({ options, folder, port, daemons, gateway })
    } catch (error) {
      for (const daemon of daemons) await daemon.kill()
      await folder.remove()
      throw error
    }
  }

  /** http://127.0.0.1:PORT */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** https://127.0.0.1:PORT, when it was started with certificates. */
  get tlsUrl(): string {
    return `https://127.0.0.1:${this.#port + TLS_PORT}`
  }

  /** Of the account that owns what is made here. */
  get keys(): S3Keys {
    return s3Keys
  }

  /** The gateway's process id. */
  get pid(): number {
    return this.#gateway.pid
  }

  async createBucket(name: string): Promise<void> {
    await this.requests.must('PUT', `/${name}`)
  }

  /** What a registry or another client of S3 gets in its environment. */
  environment(location: string, endpoint = this.url): Record<string, string> {
    return {
      LAMINA_BLOBS: `s3://${location}`,
      LAMINA_S3_ENDPOINT: endpoint,
      LAMINA_S3_REGION: 'us-east-1',
      LAMINA_S3_PATH_STYLE: 'true',
      AWS_ACCESS_KEY_ID: s3Keys.accessKey,
      AWS_SECRET_ACCESS_KEY: s3Keys.secretKey,
    }
  }

  /** Makes another account, without rights on the first one's buckets. */
  async createAccount(keys: S3Keys): Promise<void> {
    await createAccount(this.#folder.path, keys)
  }

  /** SIGSTOP: connections are taken and nothing answers. Resolves when that is so. */
  async hang(): Promise<void> {
    const gateway = this.#gateway
    gateway.signal('SIGSTOP')
    // One of its threads takes the signal and stops the others, which until then may still answer.
    await gateway.until(async () => ((await isStopped(gateway.pid)) ? true : undefined))
  }

  /** SIGCONT: goes on where it was. */
  wake(): void {
    this.#gateway.signal('SIGCONT')
  }

  /** kill -9 of the gateway; data stays. */
  async kill(): Promise<void> {
    await this.#gateway.kill()
  }

  /** Starts the gateway again, on the same port. */
  async restart(): Promise<void> {
    this.#gateway = await startGateway(this.#options, this.#folder.path, this.#port)
  }

  /** Ends everything; a plain SIGTERM could leave the OSD waiting for its monitor. */
  async stop(): Promise<void> {
    this.requests.close()
    for (const server of [this.#gateway, ...this.#daemons]) await server.kill()
    await this.#folder.remove()
  }
}

interface Storage {
  readonly options: S3Options
  readonly folder: string
  readonly port: number
  readonly daemons: Server[]
}

async function startStorage({ options, folder, port, daemons }: Storage): Promise<void> {
  const name = options.name ?? 's3'
  const config = path.join(folder, 'ceph.conf')
  const keyring = path.join(folder, 'keyring')
  const [cluster, osd] = [crypto.randomUUID(), crypto.randomUUID()]
  await writeFile(config, cephConfiguration({ folder, port, cluster, capacity: options.capacity }))
  await must('mkdir', [path.join(folder, 'mon'), path.join(folder, 'osd')])
  await makeKeys(keyring)
  const map = path.join(folder, 'monmap')
  await must('monmaptool', ['--create', '--fsid', cluster, '--addv', 'a', monitorAt(port), map])
  await must('ceph-mon', ['-i', 'a', '--mkfs', '--monmap', map, '--keyring', keyring, '-c', config])
  daemons.push(await daemon(`${name}-mon`, 'ceph-mon', ['-f', '-i', 'a', '-c', config]))
  await must('timeout', ['60', 'ceph', '-c', config, 'osd', 'new', osd])
  await must('ceph-osd', ['-i', '0', '--mkfs', '--osd-uuid', osd, '-c', config])
  // First in the list, so that it goes first: without its monitor it would wait for it.
  daemons.unshift(await daemon(`${name}-osd`, 'ceph-osd', ['-f', '-i', '0', '-c', config]))
  await createAccount(folder, s3Keys)
}

function daemon(name: string, command: string, args: string[]): Promise<Server> {
  return Server.start(name, command, args, { endSignal: 'SIGKILL' })
}

async function startGateway(options: S3Options, folder: string, port: number): Promise<Server> {
  const { name = 's3', tls, dnsName } = options
  let frontend = `beast endpoint=127.0.0.1:${port}`
  if (tls !== undefined) {
    const pair = path.join(folder, 'gateway.pem')
    await writeFile(pair, `${await readFile(tls.key, 'utf8')}${await readFile(tls.cert, 'utf8')}`)
    frontend += ` ssl_endpoint=127.0.0.1:${port + TLS_PORT} ssl_certificate=${pair}`
  }
  const config = path.join(folder, 'ceph.conf')
  const server = await daemon(`${name}-rgw`, 'radosgw', [
    '-f',
    '-c',
    config,
    '-n',
    'client.rgw',
    `--rgw-frontends=${frontend}`,
    ...(dnsName === undefined ? [] : [`--rgw-dns-name=${dnsName}`]),
  ])
  await server.until(() => answers(`http://127.0.0.1:${port}/`), 60_000)
  return server
}

async function answers(url: string): Promise<true | undefined> {
  try {
    const response = await fetch(url)
    await response.arrayBuffer()
    return response.ok ? true : undefined
  } catch {
    await sleep(30)
    return undefined
  }
}

async function isStopped(pid: number): Promise<boolean> {
  const tasks = await readdir(`/proc/${pid}/task`)
  const states = await Promise.all(tasks.map((task) => readFile(`/proc/${pid}/task/${task}/stat`, 'utf8')))
  // After the name, in brackets, which may hold anything.
  return states.every((state) => state.slice(state.lastIndexOf(')')).startsWith(') T'))
}

async function createAccount(folder: string, { accessKey, secretKey }: S3Keys): Promise<void> {
  const names = [`--uid=${accessKey}`, `--display-name=${accessKey}`]
  const keys = [`--access-key=${accessKey}`, `--secret-key=${secretKey}`]
  const config = path.join(folder, 'ceph.conf')
  await must('timeout', ['60', 'radosgw-admin', '-c', config, 'user', 'create', ...names, ...keys])
}

async function makeKeys(keyring: string): Promise<void> {
  const key = (name: string, ...caps: string[]): Promise<string> =>
    must('ceph-authtool', [keyring, '--gen-key', '-n', name, ...caps])
  await must('ceph-authtool', ['-C', keyring, '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *'])
  await key('client.admin', '--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *')
  await key('client.rgw', '--cap', 'mon', 'allow rwx', '--cap', 'osd', 'allow rwx')
  await key('osd.0', '--cap', 'mon', 'allow profile osd', '--cap', 'osd', 'allow *')
}

function monitorAt(port: number): string {
  return `[v2:127.0.0.1:${port + 1},v1:127.0.0.1:${port + 2}]`
}

interface Configuration {
  readonly folder: string
  readonly port: number
  readonly cluster?: string
  readonly capacity?: number | undefined
}

/** Small and quick: one copy of everything, no manager; the two paxos lines save ten seconds of start. */
export function cephConfiguration({
  folder,
  port,
  cluster = crypto.randomUUID(),
  capacity = 4 * 2 ** 30,
}: Configuration): string {
  const monitor = monitorAt(port)
  return `[global]
fsid=${cluster}
mon host=${monitor}
public addr=127.0.0.1
cluster addr=127.0.0.1
ms bind port min=${port + 10}
ms bind port max=${port + PORTS - 1}
keyring=${folder}/keyring
run dir=${folder}
admin socket=${folder}/$name.asok
pid file=${folder}/$name.pid
log file=${folder}/$name.log
mon cluster log file=${folder}/cluster.log
mon data=${folder}/mon
osd data=${folder}/osd
mon data avail crit=1
mon data avail warn=2
osd objectstore=memstore
memstore device bytes=${capacity}
osd crush chooseleaf type=0
osd class update on start=false
osd pool default size=1
osd pool default min size=1
osd pool default pg num=8
osd pool default pgp num=8
osd pool default pg autoscale mode=off
mon allow pool size one=true
mon max pg per osd=2000
paxos propose interval=0.02
paxos min wait=0.01
mon tick interval=1
mon auth allow insecure global id reclaim=false
rgw thread pool size=64
rgw run sync thread=false
rgw crypt require ssl=false
rgw crypt s3 kms backend=testing
rgw crypt s3 kms encryption keys=${KMS_KEY}=${Buffer.alloc(32, 'k').toString('base64')}
`
}

/** The first of PORTS ports that nobody listens on, below the range that the kernel gives to clients. */
async function freePorts(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const base = 20_000 + Math.floor(Math.random() * 180) * PORTS
    const free = await Promise.all([0, 1, 2, TLS_PORT, 10, 11, 12, 13].map((at) => isFree(base + at)))
    if (free.every(Boolean)) return base
  }
  throw new Error('no free ports for an S3')
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
