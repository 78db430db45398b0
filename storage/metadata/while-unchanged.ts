import type { MetadataStore } from './metadata-store.ts'

/** Bytes that are kept in each of these, before all are dropped. */
const MOST_BYTES = 4 << 20
/** What an entry costs beside its key and what `sizeOf` says. */
const ENTRY_BYTES = 500

/**
 * What was worked out from records, for as long as nothing at all is written: then reading again would give the same.
 * Keeps nothing over a store that others write to, nor of a state that a commit ended meanwhile.
 */
export class WhileUnchanged<Value> {
  readonly #metadata: Pick<MetadataStore, 'generation'>
  readonly #sizeOf: (value: Value) => number
  readonly #known = new Map<string, Value>()
  #bytes = 0
  #at: number | undefined

  /** `sizeOf`: bytes of what a value holds, where that is more than a record or two. */
  constructor(metadata: Pick<MetadataStore, 'generation'>, sizeOf: (value: Value) => number = () => 0) {
    this.#metadata = metadata
    this.#sizeOf = sizeOf
  }

  /** What is known under `key`, or what `work` makes of the records as they are now. Rejects as it does. */
  get(key: string, work: () => Promise<Value>): Promise<Value> | Value {
    const at = this.#metadata.generation
    if (at === undefined) return work()
    if (at !== this.#at) this.#drop()
    this.#at = at
    return this.#known.get(key) ?? this.#find(key, at, work)
  }

  async #find(key: string, at: number, work: () => Promise<Value>): Promise<Value> {
    const value = await work()
    // Neither since it began, nor for anybody who asked meanwhile.
    if (this.#metadata.generation === at && this.#at === at) this.#keep(key, value)
    return value
  }

  #keep(key: string, value: Value): void {
    const bytes = ENTRY_BYTES + 2 * key.length + this.#sizeOf(value)
    if (bytes > MOST_BYTES || this.#known.has(key)) return
    if (this.#bytes + bytes > MOST_BYTES) this.#drop()
    this.#known.set(key, value)
    this.#bytes += bytes
  }

  #drop(): void {
    this.#known.clear()
    this.#bytes = 0
  }
}
