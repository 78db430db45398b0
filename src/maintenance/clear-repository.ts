import type { Entry, RangeQuery } from '../../storage/metadata/metadata-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import { linkCodec } from '../records/blob.ts'
import { keyAfter, keys, REPOSITORY_KINDS, type RepositoryId } from '../records/keys.ts'
import { readContentKey } from '../records/read-key.ts'
import { dropLink } from '../registry/links.ts'
import type { KeepingParts } from '../registry/parts.ts'
import type { WorkParts } from './job.ts'
import type { ReviewEntry } from './review-queue.ts'

/** Records that one commit removes. */
const AT_ONCE = 500
/** Links that one commit removes: each comes with a look at its content. */
const LINKS_AT_ONCE = 100

/**
 * Clears what a deleted repository left, under its id that no name leads to any more, in commits that check each
 * record's version. It begins again where it was stopped, because what is done is gone.
 */
export async function clearRepository(
  parts: WorkParts & { readonly registry: KeepingParts },
  entry: ReviewEntry,
  signal: AbortSignal,
): Promise<boolean> {
  const { registry } = parts
  for (const kind of REPOSITORY_KINDS) {
    const prefix = keys.allIn(entry.repo, kind)
    const cleared =
      kind === 'link'
        ? await clearAll(parts, { prefix, limit: LINKS_AT_ONCE }, signal, (links) =>
            dropLinks(registry, entry, links),
          )
        : await clearAll(parts, { prefix, limit: AT_ONCE }, signal, (page) => deleteAll(registry, page))
    if (!cleared) return false
  }
  await parts.metadata.commit({ checks: [], sets: [], deletes: [entry.key] })
  return true
}

/** Page by page, until a look from the beginning finds nothing: a request that still runs may have added something. */
async function clearAll(
  parts: WorkParts,
  { prefix, limit }: RangeQuery,
  signal: AbortSignal,
  clear: (page: readonly Entry[]) => Promise<void>,
): Promise<boolean> {
  let from = prefix
  while (!signal.aborted) {
    const page = await parts.metadata.range({ prefix, from, limit })
    const end = page.at(-1)
    if (end === undefined && from === prefix) return true
    if (page.length > 0) await clear(page)
    parts.progress(page.length)
    // Behind what is gone: a store may have to walk over it.
    from = end === undefined ? prefix : keyAfter(end.key)
    await parts.pace()
  }
  return false
}

/** Deletes the records that are still the same ones; the others are seen again. */
async function deleteAll({ metadata }: KeepingParts, page: readonly Entry[]): Promise<void> {
  await transact(metadata, async (transaction) => {
    const stored = await transaction.read(page.map(({ key }) => key))
    for (const [at, { key }] of page.entries()) {
      const version = stored[at]?.version
      if (version === undefined) continue
      transaction.checkVersion(key, version)
      transaction.delete(key)
    }
  })
}

/** One commit for each: of two links to the same content, the second has to see that the first is gone. */
async function dropLinks(
  registry: KeepingParts,
  { name, repo }: { readonly name: ReviewEntry['name']; readonly repo: RepositoryId },
  links: readonly Entry[],
): Promise<void> {
  const dropOne = async ({ key }: Entry): Promise<void> => {
    const { digest } = readContentKey(key)
    await transact(registry.metadata, async (transaction) => {
      const link = await transaction.getChecked(linkCodec, key)
      if (link === undefined) return
      await dropLink(transaction, registry, { name, repo, digest, sha256: link.value.sha256 })
    })
  }
  await Promise.all(links.map(dropOne))
}
