import { appendFile, chmod, chown, copyFile, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Certificates } from './certificates.ts'
import { freePort } from './free-port.ts'
import { must, Server, type StartOptions } from './processes.ts'
import { scratchFolder } from './workspace.ts'

const debian = '/usr/lib/postgresql/15/bin'

/** How a server is made. */
export interface PostgresOptions {
  /** Names the log file. */
  name: string
  /** Folder of the programs; Debian's unless told. */
  binaries?: string
  /** true survives `kill`, as a real server does; false (the default) is faster. */
  fsync?: boolean
  /** Takes encrypted connections, and no others. */
  tls?: Certificates
  /** More lines for postgresql.conf. */
  settings?: Record<string, string>
}

/** PostgreSQL refuses to run as root: then it runs as nobody. */
const nobody = { uid: 65_534, gid: 65_534 }
const asUser: StartOptions = process.getuid?.() === 0 ? nobody : {}

/**
 * A real PostgreSQL on a free loopback port, superuser `postgres` without a password. `stop`, `kill` and `restart`
 * keep the data and the port; `remove` ends it for good.
 */
export class Postgres {
  readonly port: number
  readonly #options: PostgresOptions
  readonly #folder: Awaited<ReturnType<typeof scratchFolder>>
  #server: Server | undefined

  private constructor(
    options: PostgresOptions,
    port: number,
    folder: Awaited<ReturnType<typeof scratchFolder>>,
  ) {
    this.#options = options
    this.port = port
    this.#folder = folder
  }

  /** Makes an empty server and waits until it answers. */
  static async start(options: PostgresOptions): Promise<Postgres> {
    const postgres = await Postgres.#prepare(options)
    const locale = ['--encoding=UTF8', '--locale=C', '--no-sync', '--auth=trust']
    await must(
      postgres.#program('initdb'),
      ['-D', postgres.#data, '-U', 'postgres', ...locale],
      postgres.#how,
    )
    await postgres.#configure({
      fsync: options.fsync === true ? 'on' : 'off',
      full_page_writes: options.fsync === true ? 'on' : 'off',
    })
    if (options.tls !== undefined) await postgres.#encrypt(options.tls)
    await postgres.restart()
    return postgres
  }

  static async #prepare(options: PostgresOptions): Promise<Postgres> {
    const folder = await scratchFolder('postgres')
    if (asUser.uid !== undefined) await chown(folder.path, nobody.uid, nobody.gid)
    return new Postgres(options, await freePort(), folder)
  }

  /** postgres://… of one of its databases. */
  url(database = 'postgres'): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`
  }

  /** Process id of the postmaster. */
  get pid(): number {
    return this.#running.pid
  }

  /** The latest lines of its log. */
  get log(): readonly string[] {
    return this.#running.lines
  }

  /** Starts it again after `stop` or `kill` and waits until it takes connections. */
  async restart(): Promise<void> {
    const args = ['-D', this.#data, '-c', `port=${this.port}`]
    const server = await Server.start(this.#options.name, this.#program('postgres'), args, this.#how)
    this.#server = server
    const ready = /database system is ready to accept (?:read-only )?connections/
    await server.until(() => server.lines.some((line) => ready.test(line)) || undefined)
  }

  /** Ends it in order, cutting its connections ("fast"). */
  async stop(): Promise<void> {
    this.#running.signal('SIGINT')
    await this.#running.ended
  }

  /** kill -9, as a power failure of the machine: its connections are gone, its data is what it wrote with fsync. */
  async kill(): Promise<void> {
    await this.#running.kill()
  }

  /** Ends it and removes everything. */
  async remove(): Promise<void> {
    if (this.#server?.alive === true) await this.stop()
    await this.#folder.remove()
  }

  /** Runs SQL through psql, which Debian has and the programs from npm have not; its bare output. */
  sql(text: string): Promise<string> {
    return must(this.#program('psql'), ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', this.url(), '-c', text])
  }

  /** A new server that follows this one. `synchronous`: from now on no commit here is answered before it is there too. */
  async standby(options: { name: string; synchronous: boolean }): Promise<Postgres> {
    const standby = await Postgres.#prepare({ ...this.#options, name: options.name })
    const from = ['-d', this.url(), '-R', '-X', 'stream', '-c', 'fast', '--no-sync']
    await must(standby.#program('pg_basebackup'), ['-D', standby.#data, ...from], standby.#how)
    await standby.#configure({ synchronous_standby_names: "''" })
    await standby.restart()
    if (options.synchronous) await this.#follow(standby)
    return standby
  }

  async #follow(standby: Postgres): Promise<void> {
    await this.#configure({ synchronous_standby_names: "'*'" })
    this.#running.signal('SIGHUP')
    const state = "select count(*) from pg_stat_replication where sync_state = 'sync'"
    await standby.#running.until(async () => ((await this.sql(state)) === '1' ? true : undefined))
  }

  /** Makes a standby the server that takes writes. */
  async promote(): Promise<void> {
    await must(this.#program('pg_ctl'), ['promote', '-D', this.#data, '-s', '-w'], this.#how)
  }

  get #running(): Server {
    if (this.#server === undefined) throw new Error(`${this.#options.name} was never started`)
    return this.#server
  }

  get #data(): string {
    return path.join(this.#folder.path, 'data')
  }

  get #how(): StartOptions {
    return { ...asUser, cwd: this.#folder.path }
  }

  #program(name: string): string {
    return path.join(this.#options.binaries ?? debian, name)
  }

  /** The server refuses a key that others may read. The role `lamina`, if it is made, needs a certificate of that name. */
  async #encrypt({ ca, cert, key }: Certificates): Promise<void> {
    const own = path.join(this.#folder.path, 'server.key')
    await copyFile(key, own)
    await chmod(own, 0o600)
    if (asUser.uid !== undefined) await chown(own, nobody.uid, nobody.gid)
    const files = { ssl_ca_file: `'${ca}'`, ssl_cert_file: `'${cert}'`, ssl_key_file: `'${own}'` }
    await this.#configure({ ssl: 'on', ...files })
    const rules = ['hostssl all lamina 127.0.0.1/32 cert', 'hostssl all all 127.0.0.1/32 trust', '']
    await writeFile(path.join(this.#data, 'pg_hba.conf'), rules.join('\n'))
  }

  /** The last line for a name counts. */
  async #configure(more: Record<string, string>): Promise<void> {
    const settings = {
      listen_addresses: "'127.0.0.1'",
      unix_socket_directories: `'${this.#folder.path}'`,
      max_connections: '200',
      max_prepared_transactions: '0',
      ...more,
      ...this.#options.settings,
    }
    await mkdir(this.#data, { recursive: true })
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`)
    await appendFile(path.join(this.#data, 'postgresql.conf'), lines.join(''))
  }
}
