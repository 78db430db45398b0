import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Certificates } from './certificates.ts'
import { finish, Server } from './processes.ts'
import { projectRoot } from './workspace.ts'

/** What a test wants of its registry. */
export interface LaminaOptions {
  /** Names the log file. */
  name: string
  /** The data directory; the same one after a restart. */
  data: string
  /** false starts with LAMINA_AUTH=off. */
  auth?: boolean
  tls?: Certificates
  env?: Record<string, string>
  /** Where its log goes instead of into `log`: reading it takes time that a benchmark should not see. */
  logFile?: string
  /** Another `lamina` than the one of this folder. */
  program?: string
}

/** The administrator every test server starts with. */
export const admin = { user: 'admin', password: 'Conformance-run-2718' }

// The harness itself is proven against other registries by pointing this at a starter with the same contract.
const usual = process.env['LAMINA_PROGRAM'] ?? path.join(projectRoot, 'bin/lamina')
/** Longest start on a busy machine, in milliseconds. */
const START_MS = 120_000
const listening = z.object({ msg: z.literal('listening'), url: z.string() })

/** A registry as clients and suites see it, whatever it is made of. */
export interface Registry {
  readonly url: string
  readonly port: number
  /** kill -9 this instant, without waiting: for hooks in the middle of a transfer. */
  killNow(): void
  /** kill -9. */
  kill(): Promise<void>
  /** Starts again after `kill`, at the same address with the same content. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts a registry of one form or another for one test. */
export type StartRegistry = (options: {
  /** Names the log files. */
  name: string
  auth?: boolean
  tls?: Certificates
  env?: Record<string, string>
}) => Promise<Registry>

/** A running registry that can be killed and come back on the same port and data. */
export class Lamina implements Registry {
  readonly #options: LaminaOptions
  #server: Server
  #url: string

  private constructor(options: LaminaOptions, server: Server, url: string) {
    this.#options = options
    this.#server = server
    this.#url = url
  }

  /** Starts a registry on a free loopback port and waits until it listens. */
  static async start(options: LaminaOptions): Promise<Lamina> {
    const { server, url } = await launch(options, '127.0.0.1:0')
    return new Lamina(options, server, url)
  }

  /** http://127.0.0.1:PORT or https://… */
  get url(): string {
    return this.#url
  }

  get port(): number {
    return Number(new URL(this.#url).port)
  }

  get pid(): number {
    return this.#server.pid
  }

  /** Whether the process is still there. */
  get alive(): boolean {
    return this.#server.alive
  }

  /** The latest lines of its log. */
  get log(): readonly string[] {
    return this.#server.lines
  }

  stop(): Promise<void> {
    return this.#server.stop()
  }

  /** kill -9. */
  kill(): Promise<void> {
    return this.#server.kill()
  }

  killNow(): void {
    this.#server.signal('SIGKILL')
  }

  /** Starts again after `stop` or `kill`, on the same port and data directory. */
  async restart(): Promise<void> {
    const { server, url } = await launch(this.#options, `127.0.0.1:${this.port}`)
    this.#server = server
    this.#url = url
  }

  /** Runs a sub-command of `lamina` against this server through its data directory; must succeed. */
  command(args: readonly string[], patience = 120_000): Promise<string> {
    const { data, program } = this.#options
    return run(args, { data, patience, ...(program !== undefined && { program }) })
  }

  /** Runs a sub-command that opens the stores itself, with the settings of a server that does not run; must succeed. */
  static offline(options: LaminaOptions, args: readonly string[]): Promise<string> {
    return run(args, options)
  }
}

async function run(
  args: readonly string[],
  how: Pick<LaminaOptions, 'data' | 'env' | 'program'> & { patience?: number },
): Promise<string> {
  const { data, program = usual, patience = 120_000 } = how
  const env = { LAMINA_DATA: data, ...how.env }
  const { code, stdout, stderr } = await finish(program, [...args], { env, cwd: projectRoot, patience })
  if (code !== 0) throw new Error(`lamina ${args[0] ?? ''} ended with ${code}: ${stderr.slice(-500)}`)
  return stdout
}

async function launch(options: LaminaOptions, listen: string): Promise<{ server: Server; url: string }> {
  const env: Record<string, string> = {
    LAMINA_LISTEN: listen,
    LAMINA_DATA: options.data,
    LAMINA_ADMIN_PASSWORD: admin.password,
    LAMINA_STOP_DELAY: '0',
    LAMINA_LOG: 'info',
  }
  if (options.auth === false) env['LAMINA_AUTH'] = 'off'
  if (options.tls) Object.assign(env, { LAMINA_TLS_CERT: options.tls.cert, LAMINA_TLS_KEY: options.tls.key })
  Object.assign(env, options.env)
  const { name, logFile, program = usual } = options
  const at = { env, cwd: projectRoot }
  if (logFile === undefined) {
    const server = await Server.start(name, program, ['serve'], at)
    return { server, url: await whenListening(server, () => urlOf(server.lines)) }
  }
  await writeFile(logFile, '')
  const server = await Server.start(name, 'sh', ['-c', 'exec "$@" >"$0"', logFile, program, 'serve'], at)
  const wholeLines = async () => (await readFile(logFile, 'utf8')).split('\n').slice(0, -1)
  return { server, url: await whenListening(server, async () => urlOf(await wholeLines())) }
}

/** A server that does not listen in time is killed: it would hold the test run. */
async function whenListening(
  server: Server,
  url: () => string | undefined | Promise<string | undefined>,
): Promise<string> {
  try {
    return await server.until(url, START_MS)
  } catch (error) {
    await server.kill()
    throw error
  }
}

function urlOf(lines: readonly string[]): string | undefined {
  for (const line of lines) {
    if (!line.includes('"listening"')) continue
    const parsed = listening.safeParse(JSON.parse(line))
    if (parsed.success) return parsed.data.url
  }
  return undefined
}
