import path from 'node:path'
import type { Certificates } from './certificates.ts'
import { Lamina, type Registry } from './lamina.ts'
import { Nginx } from './nginx.ts'
import { Postgres } from './postgres.ts'
import { S3 } from './s3.ts'
import { TcpSwitch } from './tcp-switch.ts'
import { scratchFolder } from './workspace.ts'

/** What every registry on these stores shares: the secret that seals signing keys. */
const SECRET = 'a secret that all replicas of a test cluster share'

/** PostgreSQL and S3, on which any number of registries can live side by side. */
export class Stores {
  /** The server that takes writes now; `database` leads to it. */
  postgres: Postgres
  readonly s3: S3
  /** The address of PostgreSQL, which stays when another server takes over. */
  readonly database: TcpSwitch
  #registries = 0

  private constructor(postgres: Postgres, s3: S3, database: TcpSwitch) {
    this.postgres = postgres
    this.s3 = s3
    this.database = database
  }

  /** `durable` makes PostgreSQL write as in production, so that it can be killed. `capacity`: bytes that S3 holds. */
  static async start(
    name: string,
    { durable = false, capacity }: { durable?: boolean; capacity?: number } = {},
  ): Promise<Stores> {
    const [postgres, s3] = await Promise.all([
      Postgres.start({ name: `${name}-postgres`, fsync: durable }),
      S3.start({ name: `${name}-s3`, ...(capacity !== undefined && { capacity }) }),
    ])
    await s3.createBucket('lamina')
    return new Stores(postgres, s3, await TcpSwitch.start(postgres.port))
  }

  /** Settings of a new registry: a database of its own and a prefix of its own. `endpoint` stands before S3. */
  async newRegistry(endpoint = this.s3.url): Promise<Record<string, string>> {
    this.#registries += 1
    const name = `registry${this.#registries}`
    await this.postgres.sql(`create database ${name} template template0`)
    return {
      LAMINA_METADATA: `postgres://postgres@127.0.0.1:${this.database.port}/${name}`,
      LAMINA_SECRET: SECRET,
      ...this.s3.environment(`lamina/${name}`, endpoint),
    }
  }

  /** What the black-box suite needs to make registries of its own here. */
  protocolForm(): object {
    const { LAMINA_BLOBS: _, ...settings } = this.s3.environment('lamina')
    return {
      psql: '/usr/lib/postgresql/15/bin/psql',
      postgres: `postgres://postgres@127.0.0.1:${this.database.port}`,
      bucket: 'lamina',
      settings: { ...settings, LAMINA_SECRET: SECRET, LAMINA_TRUSTED_PROXIES: '127.0.0.1' },
      replicas: 2,
    }
  }

  async stop(): Promise<void> {
    await this.database.stop()
    await this.s3.stop()
    await this.postgres.remove()
  }
}

/** What a test wants of its cluster. */
export interface ClusterOptions {
  /** Names the log files. */
  name: string
  stores: Stores
  /** How many; two unless told. */
  replicas?: number
  auth?: boolean
  tls?: Certificates
  env?: Record<string, string>
  /** More for one replica, counted from 0. */
  envOf?: (at: number) => Record<string, string>
  /** Stands between the replicas and S3. */
  s3Endpoint?: string
  /** The balancer's port; a free one unless told. */
  port?: number
  /** Stores that hold a registry already; new ones unless told. */
  settings?: Readonly<Record<string, string>>
}

/** Replicas of one registry behind a balancer that sends each request to the next one. */
export class Cluster implements Registry {
  readonly replicas: readonly Lamina[]
  readonly balancer: Nginx
  /** Settings that all replicas share: database, bucket, secret. */
  readonly settings: Readonly<Record<string, string>>
  readonly #folder: Awaited<ReturnType<typeof scratchFolder>>

  private constructor(parts: {
    replicas: readonly Lamina[]
    balancer: Nginx
    settings: Readonly<Record<string, string>>
    folder: Awaited<ReturnType<typeof scratchFolder>>
  }) {
    this.replicas = parts.replicas
    this.balancer = parts.balancer
    this.settings = parts.settings
    this.#folder = parts.folder
  }

  /** Starts the replicas side by side, as an orchestrator does, and the balancer before them. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const { name, stores, replicas: count = 2, tls } = options
    const folder = await scratchFolder('cluster')
    const settings = options.settings ?? (await stores.newRegistry(options.s3Endpoint))
    const starts = Array.from({ length: count }, (_, at) =>
      Lamina.start({
        name: `${name}-replica${at + 1}`,
        data: path.join(folder.path, `replica${at + 1}`),
        ...(options.auth === undefined ? {} : { auth: options.auth }),
        env: { ...settings, LAMINA_TRUSTED_PROXIES: '127.0.0.1', ...options.env, ...options.envOf?.(at) },
      }),
    )
    try {
      const replicas = await Promise.all(starts)
      const balancer = await Nginx.start({
        name: `${name}-nginx`,
        upstreams: replicas.map(({ port }) => port),
        ...(tls ? { tls } : {}),
        ...(options.port === undefined ? {} : { port: options.port }),
      })
      return new Cluster({ replicas, balancer, settings, folder })
    } catch (error) {
      await stopStarted(starts)
      await folder.remove()
      throw error
    }
  }

  /** The balancer's address. */
  get url(): string {
    return this.balancer.url
  }

  /** One replica's own address, past the balancer; counted from 0. */
  replica(at: number): Lamina {
    const replica = this.replicas[at]
    if (replica === undefined) throw new Error(`there is no replica ${at}`)
    return replica
  }

  get port(): number {
    return this.balancer.port
  }

  /** kill -9 of every replica this instant, without waiting. */
  killNow(): void {
    for (const replica of this.replicas) replica.killNow()
  }

  /** kill -9 of every replica. */
  async kill(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.kill()))
  }

  /** Starts every replica again after `kill`. */
  async restart(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.restart()))
  }

  async stop(): Promise<void> {
    await this.balancer.stop()
    await Promise.all(this.replicas.map((replica) => replica.stop()))
    await this.#folder.remove()
  }
}

/** Those that did start: they would hold the test run and their stores. */
async function stopStarted(starts: readonly Promise<Lamina>[]): Promise<void> {
  for (const start of await Promise.allSettled(starts))
    if (start.status === 'fulfilled') await start.value.stop()
}
