import { Transaction } from '../../storage/metadata/transact.ts'
import { keys } from '../records/keys.ts'
import { pagesOf } from '../records/pages.ts'
import type { KeepingParts } from '../registry/parts.ts'
import { look } from './collection.ts'
import { type ReviewEntry, readReview, type Verdict } from './review-queue.ts'

const PAGE = 200
/** Entries that are looked at for one report: the queue of a busy day may be longer. */
const MOST = 10_000

/** What will become of one entry of the queue, by what is there now. */
export interface Foreseen {
  readonly entry: ReviewEntry
  readonly verdict: Verdict
}

export interface CollectionReport {
  readonly foreseen: readonly Foreseen[]
  /** Bytes of blobs that are known to go. */
  readonly bytes: number
  /** Locations whose bytes wait to be removed. */
  readonly trash: number
  /** The queue is longer than one report. */
  readonly more: boolean
}

/** What the collector would do with its queue, each entry at its time, and why. Changes nothing. */
export async function reportCollection(registry: KeepingParts): Promise<CollectionReport> {
  const foreseen: Foreseen[] = []
  for await (const page of pagesOf(registry.metadata, { prefix: keys.reviews(), limit: PAGE })) {
    for (const raw of page) foreseen.push(await foresee(registry, readReview(raw)))
    if (foreseen.length >= MOST) break
  }
  const more = foreseen.length >= MOST
  return { foreseen, bytes: freed(foreseen), trash: await trashLength(registry), more }
}

/** The transaction is thrown away: looking prepares a commit, and nobody makes it. */
export async function foresee(registry: KeepingParts, entry: ReviewEntry): Promise<Foreseen> {
  const now = Math.max(registry.now(), entry.due)
  const verdict = await look(new Transaction(registry.metadata), { ...registry, now: () => now }, entry)
  return { entry, verdict }
}

function freed(foreseen: readonly Foreseen[]): number {
  return foreseen.reduce(
    (bytes, { entry, verdict }) =>
      bytes + (isContent(entry) && verdict.action === 'removed' ? (verdict.bytes ?? 0) : 0),
    0,
  )
}

/** Whether what goes with it is a blob: a manifest's own bytes are in the records. */
function isContent({ kind }: ReviewEntry): boolean {
  return kind === 'blob' || kind === 'link'
}

async function trashLength({ metadata }: KeepingParts): Promise<number> {
  return (await metadata.range({ prefix: keys.allTrash(), limit: MOST })).length
}
