import type { MetadataStore } from './metadata-store.ts'

/** Entries that are kept, before all are dropped. */
const MOST = 4096

/**
 * What was worked out from records, for as long as nothing at all is written: then reading again would give the same.
 * Keeps nothing over a store that others write to.
 */
export class WhileUnchanged<Value> {
  readonly #metadata: Pick<MetadataStore, 'generation'>
  readonly #known = new Map<string, Value>()
  #at: number | undefined

  constructor(metadata: Pick<MetadataStore, 'generation'>) {
    this.#metadata = metadata
  }

  /** What is known under `key`, or what `work` makes of the records as they are now. */
  async get(key: string, work: () => Promise<Value>): Promise<Value> {
    const at = this.#metadata.generation
    if (at === undefined) return work()
    if (at !== this.#at || this.#known.size >= MOST) this.#known.clear()
    this.#at = at
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const value = await work()
    // Neither since it began, nor for anybody who asked meanwhile.
    if (this.#metadata.generation === at && this.#at === at) this.#known.set(key, value)
    return value
  }
}
