import type { Stored } from '../../storage/metadata/metadata-store.ts'
import type { Transaction } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import { projectOf } from '../oci/name.ts'
import { linkCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import type { ReviewEntry } from './review-queue.ts'

/** A link whose content is known. */
interface FoundLink {
  readonly entry: ReviewEntry & { readonly digest: Digest }
  readonly sha256: Digest
}

/**
 * A few trips to the store instead of as many for each entry: what nearly every look asks for. Gives the content of each
 * link; undefined for one that is gone or damaged, which its own look will find.
 */
export async function readAhead(
  transaction: Transaction,
  entries: readonly ReviewEntry[],
): Promise<(Digest | undefined)[]> {
  const firsts = entries.map(firstKey)
  await Promise.all([
    transaction.readAhead(firsts.filter((key) => key !== undefined)),
    transaction.rangesAhead(entries.flatMap(usesOf)),
  ])
  const links: (FoundLink | undefined)[] = []
  for (const [at, entry] of entries.entries()) {
    const { kind, digest } = entry
    const key = firsts[at]
    const [stored] = kind === 'link' && key !== undefined ? await transaction.read([key]) : []
    const sha256 = contentOf(stored)
    links.push(sha256 && digest && { entry: { ...entry, digest }, sha256 })
  }
  await readContentAhead(transaction, await unused(transaction, links))
  return links.map((link) => link?.sha256)
}

/** Those that no manifest refers to. */
async function unused(
  transaction: Transaction,
  links: readonly (FoundLink | undefined)[],
): Promise<FoundLink[]> {
  const found: FoundLink[] = []
  for (const link of links)
    if (link !== undefined && (await transaction.range(edgesOf(link.entry))).length === 0) found.push(link)
  return found
}

/** What is asked of the content of links that go: who else holds it, in the project when anyone does. */
async function readContentAhead(transaction: Transaction, links: readonly FoundLink[]): Promise<void> {
  await Promise.all([
    transaction.readAhead(
      links.flatMap(({ entry: { name }, sha256 }) => [
        keys.charge(projectOf(name), sha256),
        keys.blob(sha256),
      ]),
    ),
    transaction.rangesAhead(links.map(holdersOf)),
  ])
  const shared: FoundLink[] = []
  for (const link of links) if ((await transaction.range(holdersOf(link))).length > 1) shared.push(link)
  await transaction.rangesAhead(
    shared.map(({ entry: { name }, sha256 }) => ({
      prefix: keys.holdersInProject(sha256, projectOf(name)),
      limit: 2,
    })),
  )
}

/** Where the look at a link or a blob finds what uses it. */
function usesOf({ kind, repo, digest }: ReviewEntry) {
  if (digest === undefined) return []
  if (kind === 'blob') return [{ prefix: keys.holders(digest), limit: 1 }]
  return kind === 'link' ? [edgesOf({ repo, digest })] : []
}

function edgesOf({ repo, digest }: { readonly repo: string; readonly digest: Digest }) {
  return { prefix: keys.edges(repo, digest), limit: 1 }
}

function holdersOf({ sha256 }: FoundLink) {
  return { prefix: keys.holders(sha256), limit: 2 }
}

/** What the look at a link or a blob asks for first. */
function firstKey({ kind, repo, digest }: ReviewEntry): Uint8Array | undefined {
  if (digest === undefined) return undefined
  return kind === 'link' ? keys.link(repo, digest) : kind === 'blob' ? keys.blob(digest) : undefined
}

function contentOf(link: Stored | undefined): Digest | undefined {
  try {
    return link && linkCodec.decode(link.value).sha256
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
