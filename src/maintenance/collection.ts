import type { Entry, MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { type Transaction, transact } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import { keyAfter, keys } from '../records/keys.ts'
import type { KeepingParts } from '../registry/parts.ts'
import { queueReview } from '../registry/review.ts'
import { clearRepository } from './clear-repository.ts'
import { collectBlob } from './collect-blob.ts'
import { collectGrave } from './collect-grave.ts'
import { collectLink } from './collect-link.ts'
import { collectManifest } from './collect-manifest.ts'
import { duePage, dueReviews } from './due-reviews.ts'
import type { Job, WorkParts } from './job.ts'
import { readAhead } from './read-ahead.ts'
import { type Look, type ReviewEntry, readReview, type Verdict } from './review-queue.ts'
import { chunksOf, eachOf, Few } from './side-by-side.ts'

/**
 * Entries that one commit settles: enough to share its cost, few enough that what they need is gone from memory before it
 * is taken for something that stays.
 */
const AT_ONCE = 16
/** Fewer entries are settled faster than a thread starts. */
const MUCH = 8
/** Entries whose decisions share a view of the store. */
const IN_ONE_VIEW = 256
/** Commits under way: while one is on its way to the disk, the next is prepared. */
const COMMITS = 2
/** Those of them that read: a store that answers by itself gains nothing by more, and requests read beside them. */
const PREPARED_AT_ONCE = 1

const LOOKS: Readonly<Record<'link' | 'blob' | 'manifest' | 'grave', Look>> = {
  link: collectLink,
  blob: collectBlob,
  manifest: collectManifest,
  grave: collectGrave,
}

/**
 * Garbage collection: drains the queue of what may have become unused, so its cost follows change and not the size of
 * the registry. Each entry is settled in one commit that checks all that its decision relied on: a push, mount or HEAD
 * that comes between makes it decide again.
 */
export function collectionJob(
  registry: KeepingParts,
  everyMs: number,
): Job & { readonly name: 'collection' } {
  return {
    name: 'collection',
    everyMs,
    isDue: async (parts) => (await duePage(parts, keys.reviews(), 1)).length > 0,
    run: (parts, signal) => collect({ ...parts, registry }, signal),
  }
}

/** Whether more is due than is settled in a moment. */
export async function muchIsDue(parts: WorkParts): Promise<boolean> {
  return (await duePage(parts, keys.reviews(), MUCH)).length === MUCH
}

/** What a run needs: a job's parts, and how long things stay. */
interface RunParts extends WorkParts {
  readonly registry: KeepingParts
}

interface CollectionParts extends RunParts {
  readonly preparing: Few
  /** What decisions read: the store, or a view of it that is not older than the first of them. */
  readonly decided: MetadataStore
}

/** One run: settles all that is due. */
export async function collect(parts: RunParts, signal: AbortSignal): Promise<void> {
  const preparing = new Few(PREPARED_AT_ONCE)
  await eachOf(dueChunks(parts, signal), COMMITS, async ({ chunk, decided }) => {
    const all = { ...parts, preparing, decided }
    if (!signal.aborted) await settlePage(all, await readAll(parts, chunk), signal)
  })
}

interface DueChunk {
  readonly chunk: Entry[]
  readonly decided: MetadataStore
}

/** What one commit each settles; the next of them are read while the last of those before are on their way. */
async function* dueChunks(parts: RunParts, signal: AbortSignal): AsyncGenerator<DueChunk> {
  let from = keys.reviews()
  while (!signal.aborted) {
    const due = await dueReviews(parts, from)
    if (due === undefined) return
    for (const some of chunksOf(due.entries, IN_ONE_VIEW)) {
      const decided = parts.metadata.view?.() ?? parts.metadata
      for (const chunk of chunksOf(some, AT_ONCE)) yield { chunk, decided }
    }
    // Behind what was seen: entries that failed stay for a later run, new ones are due after all of these.
    from = keyAfter(due.end)
  }
}

async function readAll(parts: RunParts, page: readonly Entry[]): Promise<ReviewEntry[]> {
  const entries: ReviewEntry[] = []
  for (const raw of page) {
    try {
      entries.push(readReview(raw))
    } catch (error) {
      await parts.attempt(`entry ${Buffer.from(raw.key).toString('hex')}`, () => Promise.reject(error))
    }
  }
  await parts.rest()
  return entries
}

async function settlePage(
  parts: CollectionParts,
  page: readonly ReviewEntry[],
  signal: AbortSignal,
): Promise<void> {
  for (const entry of page)
    if (entry.kind === 'repository')
      await parts.attempt(nameOf(entry), () => clearRepository(parts, entry, signal))
  let rest = page.filter(({ kind }) => kind !== 'repository')
  while (rest.length > 0 && !signal.aborted) rest = await settleTogether(parts, rest)
}

/**
 * In one commit; when that fails, each entry by itself, so that one that cannot be settled holds up no other. Gives those
 * that have to come after it.
 */
async function settleTogether(
  parts: CollectionParts,
  entries: readonly ReviewEntry[],
): Promise<ReviewEntry[]> {
  try {
    const { together, apart } = await transact(parts.decided, (transaction) =>
      parts.preparing.run(async () => {
        const split = withoutSharedContent(entries, await readAhead(transaction, entries))
        await parts.rest()
        for (const entry of split.together) {
          await settle(transaction, parts.registry, entry)
          await parts.rest()
        }
        return split
      }),
    )
    parts.progress(together.length)
    return apart
  } catch {
    for (const entry of entries) {
      const done = await parts.attempt(nameOf(entry), () =>
        transact(parts.metadata, (transaction) => settle(transaction, parts.registry, entry)),
      )
      if (done !== undefined) parts.progress(1)
    }
    return []
  }
}

/**
 * Splits links to the same content: of two that go, the second has to see that the first is gone, or neither takes the
 * project's charge along.
 */
function withoutSharedContent(
  entries: readonly ReviewEntry[],
  contents: readonly (Digest | undefined)[],
): { readonly together: ReviewEntry[]; readonly apart: ReviewEntry[] } {
  const seen = new Set<Digest>()
  const [together, apart]: [ReviewEntry[], ReviewEntry[]] = [[], []]
  for (const [at, entry] of entries.entries()) {
    const content = contents[at]
    if (content !== undefined && seen.has(content)) apart.push(entry)
    else together.push(entry)
    if (content !== undefined) seen.add(content)
  }
  return { together, apart }
}

/** Decides about one entry and takes it from the queue, or back into it for later. */
async function settle(
  transaction: Transaction,
  registry: KeepingParts,
  entry: ReviewEntry,
): Promise<Verdict> {
  const verdict = await look(transaction, registry, entry)
  transaction.delete(entry.key)
  if (verdict.action === 'later') queueReview(transaction, { ...entry, due: verdict.due })
  return verdict
}

/** What would become of an entry; nothing is committed here. */
export function look(transaction: Transaction, registry: KeepingParts, entry: ReviewEntry): Promise<Verdict> {
  if (entry.kind === 'repository')
    return Promise.resolve({ action: 'removed', reason: 'its repository was deleted' })
  return LOOKS[entry.kind](transaction, registry, entry)
}

function nameOf({ kind, repo, digest, name }: ReviewEntry): string {
  return `${kind} ${digest ?? ''} of '${name}' (${repo})`
}
