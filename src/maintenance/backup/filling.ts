import { type Check, MetadataConflict, type MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { KINDS, type Kind, keys } from '../../records/keys.ts'
import { arrivalCodec } from '../../records/migration.ts'
import { recordsOf } from '../records-of.ts'
import { usedKind } from '../unused.ts'
import type { FiledRecord } from './record-file.ts'
import { RestoreRefused } from './restore-refused.ts'

const BATCH_RECORDS = 500
const BATCH_BYTES = 1 << 20
/** Stands where a migration has its id, in the mark that keeps servers from stores that are half full. */
const RESTORE = 'restore'
const MARK = keys.migration('target')
const KEPT: ReadonlySet<Kind> = new Set<Kind>(['migration', 'cluster'])

/**
 * Empty stores that a restore fills, in commits of a bearable size; a later value of a key replaces an earlier one.
 * From the first to the last of them no server starts there: what it has no record of yet, it would sweep away.
 */
export class Filling {
  readonly #metadata: MetadataStore
  readonly #mark: Check
  #sets = new Map<string, FiledRecord>()
  #bytes = 0

  private constructor(metadata: MetadataStore, version: bigint) {
    this.#metadata = metadata
    this.#mark = { kind: 'version', key: MARK, version }
  }

  /** Takes away what a restore that was cut has left. Throws RestoreRefused when the stores hold anything else. */
  static async begin(metadata: MetadataStore): Promise<Filling> {
    const [before] = await metadata.read([MARK])
    const isCut = before !== undefined && arrivalCodec.decode(before.value).id === RESTORE
    if (!isCut) await requireEmpty(metadata)
    const value = arrivalCodec.encode({ id: RESTORE, phase: 'filling' })
    const checks = [{ kind: 'version', key: MARK, version: before?.version } as const]
    await relying(() => metadata.commit({ checks, sets: [{ key: MARK, value }], deletes: [] }))
    const [mark] = await metadata.read([MARK])
    if (mark === undefined) throw taken()
    const filling = new Filling(metadata, mark.version)
    if (isCut) await filling.#clear()
    return filling
  }

  async add(record: FiledRecord): Promise<void> {
    this.#sets.set(Buffer.from(record.key).toString('latin1'), record)
    this.#bytes += record.key.length + record.value.length
    if (this.#sets.size >= BATCH_RECORDS || this.#bytes >= BATCH_BYTES) await this.#write([])
  }

  /** Everything is there: servers may start. */
  async end(): Promise<void> {
    await this.#write([MARK])
  }

  async #write(deletes: readonly Uint8Array[]): Promise<void> {
    const sets = [...this.#sets.values()]
    await relying(() => this.#metadata.commit({ checks: [this.#mark], sets, deletes }))
    this.#sets = new Map()
    this.#bytes = 0
  }

  async #clear(): Promise<void> {
    for (const { kind } of KINDS) {
      if (KEPT.has(kind)) continue
      let deletes: Uint8Array[] = []
      for await (const { key } of recordsOf(this.#metadata, kind)) {
        deletes.push(key)
        if (deletes.length < BATCH_RECORDS) continue
        await this.#write(deletes)
        deletes = []
      }
      if (deletes.length > 0) await this.#write(deletes)
    }
  }
}

async function requireEmpty(metadata: MetadataStore): Promise<void> {
  const kind = await usedKind(metadata)
  if (kind !== undefined)
    throw new RestoreRefused(
      `there is a registry already (it has records of kind '${kind}'); restore into an empty data directory or database`,
    )
}

async function relying(commit: () => Promise<void>): Promise<void> {
  try {
    await commit()
  } catch (error) {
    throw error instanceof MetadataConflict ? taken(error) : error
  }
}

function taken(cause?: Error): RestoreRefused {
  return new RestoreRefused('another restore fills the same stores; nothing more is written by this one', {
    cause,
  })
}
