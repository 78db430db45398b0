import type { Entry, Stored } from '../../storage/metadata/metadata-store.ts'
import { type Transaction, transact } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import { projectOf } from '../oci/name.ts'
import { linkCodec } from '../records/blob.ts'
import { keyAfter, keys } from '../records/keys.ts'
import type { RegistryParts } from '../registry/parts.ts'
import { queueReview } from '../registry/review.ts'
import { clearRepository } from './clear-repository.ts'
import { collectBlob } from './collect-blob.ts'
import { collectGrave } from './collect-grave.ts'
import { collectLink } from './collect-link.ts'
import { collectManifest } from './collect-manifest.ts'
import type { Job, JobParts } from './job.ts'
import { type Look, type ReviewEntry, readReview, type Verdict } from './review-queue.ts'

/** Entries that one commit settles: enough to share its cost, few enough that requests hardly wait. */
const AT_ONCE = 64

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
export function collectionJob(registry: RegistryParts, everyMs: number): Job {
  return {
    name: 'collection',
    everyMs,
    isDue: async (parts) => (await duePage(parts, keys.reviews(), 1)).length > 0,
    run: (parts, signal) => collect({ ...parts, registry }, signal),
  }
}

type CollectionParts = JobParts & { readonly registry: RegistryParts }

async function collect(parts: CollectionParts, signal: AbortSignal): Promise<void> {
  let from = keys.reviews()
  while (!signal.aborted) {
    const page = await duePage(parts, from, AT_ONCE)
    const end = page.at(-1)
    if (end === undefined) return
    const entries: ReviewEntry[] = []
    for (const raw of page) {
      const entry = await parts.attempt(`entry ${Buffer.from(raw.key).toString('hex')}`, () =>
        Promise.resolve(readReview(raw)),
      )
      if (entry !== undefined) entries.push(entry)
    }
    await settlePage(parts, entries, signal)
    // Behind what was seen: entries that failed stay for a later run, new ones are due after all of these.
    from = keyAfter(end.key)
    await parts.pace()
  }
}

async function duePage(
  { metadata, now }: Pick<JobParts, 'metadata' | 'now'>,
  from: Uint8Array,
  limit: number,
): Promise<Entry[]> {
  const until = keys.reviewsUntil(now())
  const page = await metadata.range({ prefix: keys.reviews(), from, limit })
  return page.filter(({ key }) => Buffer.compare(key, until) < 0)
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
  while (rest.length > 0 && !signal.aborted) {
    const { together, apart } = await withoutSharedContent(parts, rest)
    await settleTogether(parts, together)
    rest = apart
  }
}

/**
 * Splits links to the same content: of two that go, the second has to see that the first is gone, or neither takes the
 * project's charge along.
 */
async function withoutSharedContent(
  parts: CollectionParts,
  entries: readonly ReviewEntry[],
): Promise<{ together: ReviewEntry[]; apart: ReviewEntry[] }> {
  const links = entries.filter((entry) => entry.kind === 'link')
  const stored = await parts.metadata.read(
    links.flatMap(({ repo, digest }) => (digest === undefined ? [] : [keys.link(repo, digest)])),
  )
  const content = new Map(links.map((entry, at) => [entry, contentOf(stored[at])]))
  const seen = new Set<string>()
  const [together, apart]: [ReviewEntry[], ReviewEntry[]] = [[], []]
  for (const entry of entries) {
    const sha256 = content.get(entry)
    if (sha256 !== undefined && seen.has(sha256)) apart.push(entry)
    else together.push(entry)
    if (sha256 !== undefined) seen.add(sha256)
  }
  return { together, apart }
}

/** The content of a link; undefined for one that is gone or damaged, which its own look will find. */
function contentOf(link: Stored | undefined): Digest | undefined {
  try {
    return link && linkCodec.decode(link.value).sha256
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

/** In one commit; when that fails, each entry by itself, so that one that cannot be settled holds up no other. */
async function settleTogether(parts: CollectionParts, entries: readonly ReviewEntry[]): Promise<void> {
  try {
    await transact(parts.metadata, async (transaction) => {
      await readAhead(transaction, entries)
      return Promise.all(entries.map((entry) => settle(transaction, parts.registry, entry)))
    })
    parts.progress(entries.length)
  } catch {
    for (const entry of entries) {
      const done = await parts.attempt(nameOf(entry), () =>
        transact(parts.metadata, (transaction) => settle(transaction, parts.registry, entry)),
      )
      if (done !== undefined) parts.progress(1)
    }
  }
}

/** Two trips to the store instead of two for each entry: what nearly every look asks for. */
async function readAhead(transaction: Transaction, entries: readonly ReviewEntry[]): Promise<void> {
  const links = entries.flatMap(({ kind, name, repo, digest }) =>
    kind === 'link' && digest !== undefined ? [{ name, key: keys.link(repo, digest) }] : [],
  )
  const blobs = entries.flatMap(({ kind, digest }) =>
    kind === 'blob' && digest !== undefined ? [keys.blob(digest)] : [],
  )
  await transaction.readAhead([...links.map(({ key }) => key), ...blobs])
  const stored = await transaction.read(links.map(({ key }) => key))
  const charges = links.flatMap(({ name }, at) => {
    const sha256 = contentOf(stored[at])
    return sha256 === undefined ? [] : [keys.charge(projectOf(name), sha256)]
  })
  await transaction.readAhead(charges)
}

/** Decides about one entry and takes it from the queue, or back into it for later. */
async function settle(
  transaction: Transaction,
  registry: RegistryParts,
  entry: ReviewEntry,
): Promise<Verdict> {
  const verdict = await look(transaction, registry, entry)
  transaction.delete(entry.key)
  if (verdict.action === 'later') queueReview(transaction, { ...entry, due: verdict.due })
  return verdict
}

/** What would become of an entry; nothing is committed here. */
export function look(
  transaction: Transaction,
  registry: RegistryParts,
  entry: ReviewEntry,
): Promise<Verdict> {
  if (entry.kind === 'repository')
    return Promise.resolve({ action: 'removed', reason: 'its repository was deleted' })
  return LOOKS[entry.kind](transaction, registry, entry)
}

function nameOf({ kind, repo, digest, name }: ReviewEntry): string {
  return `${kind} ${digest ?? ''} of '${name}' (${repo})`
}
