import { RegistryError } from '../oci/registry-error.ts'
import type { Route } from './route.ts'

/** Routes that go on: the way out, and a check, which asks itself when it would mend. */
const GO_ON: ReadonlySet<string> = new Set(['setReadOnly', 'startFsck'])

/** How old the known state of the switch may be when it decides about a write, in milliseconds. */
const FRESH = 1000

export interface ReadOnlyState {
  readonly readOnly: boolean
  readonly reason?: string | undefined
}

export interface ReadOnlyParts {
  /** LAMINA_READ_ONLY: this server refuses writes whatever the switch says. */
  readonly configured: boolean
  /** The switch, which all replicas share. */
  readonly setting: {
    read(): Promise<ReadOnlyState | undefined>
    write(state: ReadOnlyState): Promise<void>
  }
  readonly now: () => number
}

/** Whether writes are refused, which an administrator can change while the servers run. */
export class ReadOnlySwitch {
  readonly #parts: ReadOnlyParts
  #known: ReadOnlyState = { readOnly: false }
  #read = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined

  constructor(parts: ReadOnlyParts) {
    this.#parts = parts
  }

  async state(): Promise<ReadOnlyState> {
    await this.#refresh()
    return this.#known
  }

  /** Throws CONFLICT when this server is configured to refuse writes: no switch opens it. */
  async set(on: boolean, reason: string | undefined): Promise<void> {
    if (!on && this.#parts.configured)
      throw new RegistryError('CONFLICT', {
        message: 'LAMINA_READ_ONLY is set for this server; start it without to take writes again',
      })
    await this.#parts.setting.write({ readOnly: on, ...(on && reason !== undefined && { reason }) })
    this.#read = Number.NEGATIVE_INFINITY
  }

  /** Throws UNAVAILABLE for a route that writes while the switch is on. Getting a token goes on. */
  async refuse({ method, right, operationId }: Route): Promise<void> {
    if (method !== 'GET' && right !== 'anyone' && !GO_ON.has(operationId)) await this.refuseWrites()
  }

  /** Throws UNAVAILABLE while the switch is on. */
  async refuseWrites(): Promise<void> {
    const age = this.#parts.now() - this.#read
    // Below nothing: the clock was set back.
    if (age < 0 || age > FRESH) await this.#refresh()
    const { readOnly, reason } = this.#known
    if (!readOnly) return
    throw new RegistryError('UNAVAILABLE', {
      message: `the registry is read-only for now${reason === undefined ? '' : `: ${reason}`}; pulls go on, try to push later`,
      headers: { 'retry-after': '60' },
    })
  }

  async #refresh(): Promise<void> {
    const { configured, setting, now } = this.#parts
    this.#reading ??= (async () => {
      const begun = now()
      try {
        const switched = await setting.read()
        this.#known = switched?.readOnly === true ? switched : { readOnly: configured }
        this.#read = begun
      } finally {
        this.#reading = undefined
      }
    })()
    await this.#reading
  }
}
