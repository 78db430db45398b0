import { type ClientConfig, DatabaseError, Pool, type PoolClient } from 'pg'

/** An idle connection is closed after so long, in milliseconds. */
const IDLE = 60_000
/** For so long after a refusal no further connection is tried while others are open, in milliseconds. */
const CONTENT = 10_000

/** Hears of what an operator has to know, one sentence each. */
export type Notice = (sentence: string, cause: unknown) => void

/**
 * Connections up to a bound, each made when one is needed. When the server refuses another one, as after its password
 * was changed, those that are open do the work, until it takes one again.
 */
export class BoundedPool {
  readonly #pool: Pool
  readonly #max: number
  readonly #notice: Notice
  readonly #open = new Set<PoolClient>()
  #opening: NodeJS.Timeout | undefined
  #isRefused = false

  constructor(config: ClientConfig, max: number, notice: Notice) {
    this.#pool = new Pool({ ...config, max, idleTimeoutMillis: IDLE })
    this.#max = max
    this.#notice = notice
    this.#pool.on('connect', (client) => {
      client.on('error', heardAlready)
      this.#open.add(client)
      this.#isRefused = false
    })
    this.#pool.on('remove', (client) => {
      this.#open.delete(client)
      if (this.#open.size === 0) this.#widen()
    })
    this.#pool.on('error', heardAlready)
  }

  /** A connection of the caller's own until it is released. */
  async take(): Promise<PoolClient> {
    try {
      return await this.#pool.connect()
    } catch (error) {
      // Refused by the server, which is there; not by the network.
      if (!(error instanceof DatabaseError) || this.#open.size === 0) throw error
      this.#narrow(error)
      return this.#pool.connect()
    }
  }

  /** Nothing may be running any more. */
  async end(): Promise<void> {
    clearTimeout(this.#opening)
    await this.#pool.end()
  }

  /** Whoever finds no free one of those that are open waits for it. */
  #narrow(error: DatabaseError): void {
    this.#pool.options.max = this.#open.size
    clearTimeout(this.#opening)
    this.#opening = setTimeout(() => this.#widen(), CONTENT).unref()
    if (this.#isRefused) return
    this.#isRefused = true
    this.#notice(
      'PostgreSQL refuses further connections; those that are open go on. Was the password changed? Then start this server again with the new one',
      error,
    )
  }

  #widen(): void {
    clearTimeout(this.#opening)
    this.#pool.options.max = this.#max
  }
}

/** Who uses a connection hears of its end from its own query; an idle one is made again when it is needed. */
export function heardAlready(): void {
  return undefined
}
