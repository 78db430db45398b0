import { randomBytes } from 'node:crypto'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Transaction } from '../../storage/metadata/transact.ts'
import { keys } from '../records/keys.ts'
import { pagesOf } from '../records/pages.ts'
import { usageCodec } from '../records/review.ts'

/** Records that are added up in one turn of the event loop. */
const PAGE = 250

interface Note {
  readonly key: Uint8Array
  bytes: number
}

/** What a commit notes of each project: of many changes, one sum. */
const noted = new WeakMap<Transaction, Map<string, Note>>()

/**
 * Notes bytes that a project gained or lost, in the commit that changes its charges. A record of its own: one counter
 * that all pushes of a project write would be a conflict for each of them.
 */
export function noteUsage(transaction: Transaction, project: string, bytes: number): void {
  if (bytes === 0) return
  const notes = noted.get(transaction) ?? new Map<string, Note>()
  noted.set(transaction, notes)
  const note = notes.get(project) ?? { key: keys.usage(project, randomBytes(8).toString('hex')), bytes: 0 }
  note.bytes += bytes
  notes.set(project, note)
  transaction.set(usageCodec, note.key, { bytes: note.bytes })
}

/** Bytes of distinct content that a project holds. */
export async function usageOf(metadata: Pick<MetadataStore, 'range'>, project: string): Promise<number> {
  let bytes = 0
  for await (const page of pagesOf(metadata, { prefix: keys.usages(project), limit: PAGE }))
    for (const entry of page) bytes += usageCodec.decode(entry.value).bytes
  return bytes
}
