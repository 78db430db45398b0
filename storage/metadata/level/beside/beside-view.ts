import {
  type Check,
  type Commit,
  type Entry,
  MetadataConflict,
  type MetadataSnapshot,
  type MetadataStore,
  type RangeQuery,
  type Stored,
} from '../../metadata-store.ts'
import { keyText } from '../keyspace.ts'
import { type LevelReader, openFrames } from '../level-reader.ts'
import { RecentRanges } from '../recent-ranges.ts'

export interface ViewParts {
  readonly store: MetadataStore
  readonly reader: LevelReader
  /** The moment that all reads of the view come after. */
  readonly since: number
}

/**
 * The store beside its owner's, for a few decisions: remembers which versions it read, and where it found nothing. A
 * check that says the same says since when, so that the owner need not read it again unless it changed.
 */
export class BesideView implements MetadataStore {
  readonly #parts: ViewParts
  readonly #seen = new Map<string, bigint | undefined>()
  readonly #seenRanges = new Map<string, readonly Entry[]>()
  #ranges: RecentRanges

  constructor(parts: ViewParts) {
    this.#parts = parts
    this.#ranges = new RecentRanges(parts.reader)
  }

  async read(keys: readonly Uint8Array[]): Promise<(Stored | undefined)[]> {
    const found = await this.#parts.reader.read(keys)
    for (const [at, key] of keys.entries()) this.#seen.set(keyText(key), found[at]?.version)
    return found
  }

  async range(query: RangeQuery): Promise<Entry[]> {
    const found = await openFrames(await this.#ranges.framesIn(query))
    const mayStop = query.from !== undefined || query.bytes !== undefined
    const isWhole = !mayStop && found.length < query.limit
    if (isWhole) this.#seenRanges.set(keyText(query.prefix), found)
    return found
  }

  async commit(commit: Commit): Promise<void> {
    try {
      await this.#parts.store.commit({ ...commit, checks: commit.checks.map((check) => this.#dated(check)) })
    } catch (error) {
      // Who decides again has to see what changed.
      if (error instanceof MetadataConflict) this.#forget()
      throw error
    }
  }

  snapshot(): Promise<MetadataSnapshot> {
    return this.#parts.store.snapshot()
  }

  async close(): Promise<void> {
    this.#forget()
  }

  #forget(): void {
    this.#seen.clear()
    this.#seenRanges.clear()
    this.#ranges = new RecentRanges(this.#parts.reader)
  }

  #dated(check: Check): Check {
    return this.#saw(check) ? { ...check, since: this.#parts.since } : check
  }

  #saw(check: Check): boolean {
    if (check.kind === 'exists') return false
    if (check.kind === 'version') {
      const name = keyText(check.key)
      return this.#seen.has(name) && this.#seen.get(name) === check.version
    }
    const seen = this.#seenRanges.get(keyText(check.prefix))
    if (seen === undefined || seen.length !== check.entries.length) return false
    const versions = new Map(seen.map(({ key, version }) => [keyText(key), version]))
    return check.entries.every(({ key, version }) => versions.get(keyText(key)) === version)
  }
}
