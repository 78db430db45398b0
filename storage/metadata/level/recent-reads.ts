import { LRUCache } from 'lru-cache'
import type { Stored } from '../metadata-store.ts'
import { callerText, keyText, storedText } from './keyspace.ts'
import type { LevelReader } from './level-reader.ts'
import { OverlappingBatches } from './overlapping-batches.ts'

/** Bytes of keys and values that are remembered. */
const MOST_BYTES = 8 << 20
/** What an entry costs beside its bytes. */
const ENTRY_BYTES = 200
/** Reads of more keys are of jobs that pass over many records once: those would push out what requests ask for. */
const MOST_KEYS = 64

/** A record, or that there is none. */
export interface Known {
  readonly stored: Stored | undefined
}

/**
 * Records read lately. One process owns the database and every commit passes by here, so what is remembered is what is
 * committed: keys of a batch are forgotten before it is written, and not remembered while it is on its way.
 */
export class RecentReads {
  readonly #reader: Pick<LevelReader, 'read'>
  readonly #known = new LRUCache<string, Known>({ maxSize: MOST_BYTES })
  readonly #overlapping = new OverlappingBatches<ReadonlySet<string>>()
  /** Batches begun so far: a read that saw it change may have seen two states. */
  #batches = 0
  #writing = 0
  /** How often all was forgotten: what was read before that is not remembered after it. */
  #forgotten = 0
  #isClosed = false

  constructor(reader: Pick<LevelReader, 'read'>) {
    this.#reader = reader
  }

  /** Batches so far; undefined while one is on its way, and when closed. */
  get quietBatches(): number | undefined {
    return this.#writing === 0 && !this.#isClosed ? this.#batches : undefined
  }

  /** As MetadataStore.read: all keys at one moment. */
  read(keys: readonly Uint8Array[]): Promise<(Stored | undefined)[]> {
    const names = keys.map(keyText)
    const known = names.map((name) => this.#known.get(name))
    return keys.length === 0 || known.includes(undefined)
      ? this.#readMissing(keys, names, known)
      : Promise.resolve(known.map((entry) => entry?.stored))
  }

  async #readMissing(
    keys: readonly Uint8Array[],
    names: readonly string[],
    known: readonly (Known | undefined)[],
  ): Promise<(Stored | undefined)[]> {
    const missing = keys.filter((_, index) => known[index] === undefined)
    const [batches, forgotten] = [this.#batches, this.#forgotten]
    const isSame = (): boolean => batches === this.#batches && forgotten === this.#forgotten
    const found = await this.#overlapping.whileReading(
      () => this.#reader.read(missing),
      (records, overlapping) => {
        if (missing.length > MOST_KEYS || forgotten !== this.#forgotten) return
        const fresh = names.filter((_, index) => known[index] === undefined)
        for (const [index, name] of fresh.entries())
          if (!overlapping.some((texts) => texts.has(storedText(name)))) this.#remember(name, records[index])
      },
    )
    if (!isSame() && missing.length < keys.length) return this.#reader.read(keys)
    const fresh = found.values()
    return known.map((entry) => (entry === undefined ? fresh.next().value : entry.stored))
  }

  /** What is known of a caller's key, as keyText gives it; undefined: nothing. */
  known(key: string): Known | undefined {
    return this.#known.get(key)
  }

  /** Runs the writing of a batch that changes what is under stored keys, given as their texts. */
  async whileWriting(texts: readonly string[], write: () => Promise<void>): Promise<void> {
    this.#batches += 1
    this.#writing += 1
    for (const text of texts) this.#known.delete(callerText(text))
    try {
      await this.#overlapping.whileWriting(new Set(texts), write)
    } finally {
      this.#writing -= 1
    }
  }

  /** The database was opened again: what a write that failed had left in its log is there now. */
  forget(): void {
    this.#forgotten += 1
    this.#known.clear()
  }

  /** From now on the reader answers, and refuses. */
  close(): void {
    this.#isClosed = true
    this.#known.clear()
  }

  #remember(name: string, stored: Stored | undefined): void {
    if (this.#isClosed) return
    this.#known.set(name, { stored }, { size: ENTRY_BYTES + name.length + (stored?.value.length ?? 0) })
  }
}
