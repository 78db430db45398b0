import {
  type Entry,
  MetadataConflict,
  type MetadataStore,
  type RangeQuery,
  type Stored,
} from '../../storage/metadata/metadata-store.ts'

/**
 * Reads of a decision that no commit carries out. Where the address of a database leads to several, a read may be answered by a
 * standby that has not heard of the last pushes yet; a commit, also one that changes nothing, is answered by the primary alone.
 */
export class CheckedReads {
  readonly #metadata: MetadataStore
  readonly #versions = new Map<string, bigint | undefined>()

  constructor(metadata: MetadataStore) {
    this.#metadata = metadata
  }

  async read(wanted: readonly Uint8Array[]): Promise<(Stored | undefined)[]> {
    const found = await this.#metadata.read(wanted)
    for (const [at, key] of wanted.entries()) this.#versions.set(textOf(key), found[at]?.version)
    return found
  }

  range(query: RangeQuery): Promise<Entry[]> {
    return this.#metadata.range(query)
  }

  /** Whether the records under `wanted` are still as they were read; all of them were. */
  async hold(wanted: readonly Uint8Array[]): Promise<boolean> {
    const once = new Map(wanted.map((key) => [textOf(key), key]))
    const checks = [...once].map(([text, key]) => ({
      kind: 'version' as const,
      key,
      version: this.#versions.get(text),
    }))
    try {
      await this.#metadata.commit({ checks, sets: [], deletes: [] })
      return true
    } catch (error) {
      if (error instanceof MetadataConflict) return false
      throw error
    }
  }
}

function textOf(key: Uint8Array): string {
  return Buffer.from(key).toString('hex')
}
