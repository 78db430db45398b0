import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, inject } from 'vitest'
import { Client } from './client.ts'
import { frontOf, newStores, REPLICAS } from './form.ts'
import { LaminaProcess } from './lamina-process.ts'
import { basic } from './login.ts'

/** Longest stop of a server without stop delay and without connections, on a busy machine. */
const STOP_MS = 7000

/** Password of `admin` on every server that these tests start: with a colon, which Basic must not split at. */
export const ADMIN_PASSWORD = 'corr:ect horse "battery"'

/** Environment of a server: LAMINA_* names and values. */
export type Settings = Readonly<Record<string, string>>

/**
 * A real `lamina serve` in a child process, on a port and a data directory of its own; or, when the whole suite is run
 * against a cluster, several of them on shared stores, behind a balancer.
 */
export class Server implements Registry {
  readonly url: string
  readonly data: string
  readonly settings: Settings
  readonly client: Client
  readonly admin: Client
  readonly #processes: readonly LaminaProcess[]
  readonly #stopFront: () => Promise<void>

  constructor(parts: {
    url: string
    data: string
    settings: Settings
    processes: readonly LaminaProcess[]
    stopFront: () => Promise<void>
  }) {
    this.url = parts.url
    this.data = parts.data
    this.settings = parts.settings
    const { client, admin } = registryAt(parts.url)
    this.client = client
    this.admin = admin
    this.#processes = parts.processes
    this.#stopFront = parts.stopFront
  }

  /** Lines of the log so far, of one process after the other. */
  get log(): readonly string[] {
    return this.#processes.flatMap(({ log }) => log)
  }

  /** `kill -9`; the data directory stays. */
  async kill(): Promise<void> {
    this.client.close()
    await this.#stopFront()
    await Promise.all(this.#processes.map((process) => process.kill()))
  }

  /** SIGTERM; `exited` waits for the end. */
  terminate(): void {
    for (const process of this.#processes) process.terminate()
  }

  /** SIGTERM, and waits. Throws as `exited` does. Keeps the data. */
  async stop(): Promise<void> {
    this.client.close()
    const begun = performance.now()
    this.terminate()
    await this.exited()
    // Nothing runs any more: what waits then is a timer or a thread that was forgotten.
    const took = performance.now() - begun
    if (took > STOP_MS)
      throw new Error(`lamina took ${Math.round(took)} ms to stop, with nothing to wait for`)
  }

  /** Waits for the end. Throws when the exit was not clean, or the log tells of a failure or a secret. */
  async exited(): Promise<void> {
    await this.#stopFront()
    await Promise.all(this.#processes.map((process) => process.exited()))
  }

  /** The same data and settings served again, by a new process on a new port. */
  async again(settings: Settings = {}): Promise<Server> {
    return startServer({ ...this.settings, ...settings }, this.data)
  }
}

/** Starts a server and waits until it listens. Without `data` it gets a new, empty directory and stores. */
export async function startServer(settings: Settings = {}, data?: string): Promise<Server> {
  if (data !== undefined) return launch(settings, data)
  const directory = await mkdtemp(join(tmpdir(), 'lamina-protocol-'))
  try {
    return await launch({ ...(await newStores()), ...settings }, directory)
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

async function launch(settings: Settings, data: string): Promise<Server> {
  const processes = await Promise.all(
    Array.from({ length: REPLICAS }, (_, at) =>
      LaminaProcess.start({
        LAMINA_DATA: REPLICAS === 1 ? data : join(data, `replica${at}`),
        LAMINA_ADMIN_PASSWORD: ADMIN_PASSWORD,
        // Lists of tags are compared whole; gcr.test.ts has what gcr.io adds to them.
        LAMINA_GCR_LISTING: 'false',
        ...settings,
      }),
    ),
  )
  const { url, stop } = await frontOf(processes.map((process) => process.url))
  return new Server({ url, data, settings, processes, stopFront: stop })
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

/** What asks a registry that runs already. */
export interface Registry {
  readonly url: string
  /** Asks without credentials. */
  readonly client: Client
  /** Asks as the registry's administrator, by Basic. */
  readonly admin: Client
}

/** The same registry for all tests of one file. */
export interface Shared<Kind> {
  readonly now: Kind
}

/** Registers the hooks that start and stop a server around the tests of the calling file or describe. */
export function useServer(settings: Settings = {}): Shared<Server> {
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

/**
 * A registry without access control that other files use at the same time: each has repositories of its own, and looks
 * at nothing else. What it logs is judged when all are done.
 */
export function useOpenRegistry(): Shared<Registry> {
  let registry: Registry | undefined
  beforeAll(() => {
    registry = registryAt(inject('openRegistry'))
  })
  afterAll(() => registry?.client.close())
  return {
    get now() {
      if (registry === undefined) throw new Error('the registry is there only inside tests')
      return registry
    },
  }
}

function registryAt(url: string): Registry {
  const client = new Client(url)
  return { url, client, admin: client.as(basic('admin', ADMIN_PASSWORD)) }
}
