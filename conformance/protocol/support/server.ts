import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll } from 'vitest'
import { Client } from './client.ts'
import { at } from './json.ts'
import { basic } from './login.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const START_MS = 20_000
/** Longest stop of a server without stop delay and without connections, on a busy machine. */
const STOP_MS = 7000

/** Password of `admin` on every server that these tests start: with a colon, which Basic must not split at. */
export const ADMIN_PASSWORD = 'corr:ect horse "battery"'

/** Environment of a server: LAMINA_* names and values. */
export type Settings = Readonly<Record<string, string>>

/** A real `lamina serve` in a child process, on a port and a data directory of its own. */
export class Server {
  readonly url: string
  readonly data: string
  readonly settings: Settings
  /** Asks without credentials. */
  readonly client: Client
  /** Asks as the registry's administrator, by Basic. */
  readonly admin: Client
  readonly #process: ChildProcess
  readonly #log: string[]

  constructor(parts: {
    url: string
    data: string
    settings: Settings
    process: ChildProcess
    log: string[]
  }) {
    this.url = parts.url
    this.data = parts.data
    this.settings = parts.settings
    this.client = new Client(parts.url)
    this.admin = this.client.as(basic('admin', ADMIN_PASSWORD))
    this.#process = parts.process
    this.#log = parts.log
  }

  get pid(): number {
    const { pid } = this.#process
    if (pid === undefined) throw new Error('the server never ran')
    return pid
  }

  /** Lines of the server's log so far. */
  get log(): readonly string[] {
    return this.#log
  }

  /** `kill -9`; the data directory stays. */
  async kill(): Promise<void> {
    this.client.close()
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exited = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exited
  }

  /** SIGTERM, and waits. Throws as `exited` does. Keeps the data. */
  async stop(): Promise<void> {
    this.client.close()
    const begun = performance.now()
    this.#process.kill('SIGTERM')
    await this.exited()
    // Nothing runs any more: what waits then is a timer or a thread that was forgotten.
    const took = performance.now() - begun
    if (took > STOP_MS)
      throw new Error(`lamina took ${Math.round(took)} ms to stop, with nothing to wait for`)
  }

  /** Waits for the end. Throws when the exit was not clean, or the log tells of a failure or a secret. */
  async exited(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null)
      await once(this.#process, 'exit')
    if (this.#process.exitCode !== 0)
      throw new Error(
        `lamina ended with ${this.#process.exitCode ?? this.#process.signalCode}:\n${this.#log.slice(-20).join('\n')}`,
      )
    // A full disk is for the operator to read; anything else at this level is a defect.
    const failures = this.#log.filter(
      (line) => Number(at(parsed(line), 'level')) >= 50 && at(parsed(line), 'err', 'code') !== 'STORAGE_FULL',
    )
    if (failures.length > 0) throw new Error(`lamina logged failures:\n${shortened(failures)}`)
  }

  /** The same data and settings served again, by a new process on a new port. */
  async again(settings: Settings = {}): Promise<Server> {
    return startServer({ ...this.settings, ...settings }, this.data)
  }
}

function shortened(lines: readonly string[]): string {
  return lines
    .slice(0, 5)
    .map((line) => line.slice(0, 500))
    .join('\n')
}

function parsed(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line)
    return value
  } catch {
    // Not a line of the log: a warning of the runtime, kept for messages only.
    return undefined
  }
}

/** Starts a server and waits until it listens. Without `data` it gets a new, empty directory. */
export async function startServer(settings: Settings = {}, data?: string): Promise<Server> {
  if (data !== undefined) return launch(settings, data)
  const directory = await mkdtemp(join(tmpdir(), 'lamina-protocol-'))
  try {
    return await launch(settings, directory)
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

async function launch(settings: Settings, directory: string): Promise<Server> {
  const log: string[] = []
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'src/main.ts', 'serve'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      LAMINA_LISTEN: '127.0.0.1:0',
      LAMINA_DATA: directory,
      LAMINA_ADMIN_PASSWORD: ADMIN_PASSWORD,
      LAMINA_STOP_DELAY: '0',
      ...settings,
    },
  })
  const url = await new Promise<string>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`lamina ${why}:\n${log.slice(-20).join('\n')}`))
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      fail(`did not listen within ${START_MS} ms`)
    }, START_MS)
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      fail(`ended with ${code ?? signal} before it listened`)
    })
    const take = (line: string): void => {
      log.push(line)
      const entry = parsed(line)
      const listening = at(entry, 'url')
      if (at(entry, 'msg') !== 'listening' || typeof listening !== 'string') return
      clearTimeout(timer)
      resolve(listening)
    }
    createInterface({ input: child.stdout }).on('line', take)
    createInterface({ input: child.stderr }).on('line', take)
  })
  return new Server({ url, data: directory, settings, process: child, log })
}

/** Stops the server and removes its data, whatever the state of either. */
export async function dispose(server: Server): Promise<void> {
  try {
    await server.stop()
  } finally {
    await server.kill()
    await rm(server.data, { recursive: true, force: true })
  }
}

/** A server for the tests of one file: started before the first, stopped and checked after the last. */
export interface SharedServer {
  readonly now: Server
}

/** Registers the hooks that start and stop a server around the tests of the calling file or describe. */
export function useServer(settings: Settings = {}): SharedServer {
  let server: Server | undefined
  beforeAll(async () => {
    server = await startServer(settings)
  })
  afterAll(async () => {
    if (server !== undefined) await dispose(server)
  })
  return {
    get now() {
      if (server === undefined) throw new Error('the server runs only inside tests')
      return server
    },
  }
}
