import { setTimeout } from 'node:timers/promises'

/** How old what is known may be before it is read again, in milliseconds: other replicas rotate, too. */
const FRESH = 5_000
/** The shortest time between two reads for the sake of unknown keys, in milliseconds: anyone can invent some. */
const REREAD_GAP = 50

/** Keys as they were read last. `read` is given those before, to keep what it can. */
export class KnownKeys<Key> {
  readonly #read: (before: readonly Key[]) => Promise<readonly Key[]>
  readonly #now: () => number
  #keys: readonly Key[] = []
  #loaded = Number.NEGATIVE_INFINITY
  /** Reads that have begun, and the last of them that has told. */
  #begun = 0
  #told = 0
  #loading: Promise<void> | undefined
  #coming: Promise<void> | undefined

  constructor(read: (before: readonly Key[]) => Promise<readonly Key[]>, now: () => number) {
    this.#read = read
    this.#now = now
  }

  get keys(): readonly Key[] {
    return this.#keys
  }

  async load(): Promise<void> {
    const began = this.#now()
    const turn = (this.#begun += 1)
    const keys = await this.#read(this.#keys)
    // A read that began later has told already.
    if (turn < this.#told) return
    this.#told = turn
    this.#keys = keys
    this.#loaded = began
  }

  /** Reads again what is old, or from before the clock was set back. */
  async refresh(): Promise<void> {
    const age = this.#now() - this.#loaded
    if (age >= 0 && age < FRESH) return
    this.#loading ??= this.load().finally(() => {
      this.#loading = undefined
    })
    await this.#loading
  }

  /** Waits for a read that begins from now on, however young the last one is; all who wait share it. */
  reread(): Promise<void> {
    this.#coming ??= (async () => {
      const due = this.#loaded + REREAD_GAP - this.#now()
      await setTimeout(Math.max(0, Math.min(REREAD_GAP, due)))
      this.#coming = undefined
      await this.load()
    })()
    return this.#coming
  }
}
