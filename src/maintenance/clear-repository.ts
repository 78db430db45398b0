import type { Entry } from '../../storage/metadata/metadata-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import { linkCodec } from '../records/blob.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { TupleReader } from '../records/tuple.ts'
import { dropLink } from '../registry/links.ts'
import type { RegistryParts } from '../registry/parts.ts'
import type { JobParts } from './job.ts'
import type { ReviewEntry } from './review-queue.ts'

/** Records that one commit removes. */
const AT_ONCE = 500
/** Links that one commit removes: each comes with a look at its content. */
const LINKS_AT_ONCE = 100

/**
 * Clears what a deleted repository left, under its id that no name leads to any more, in commits that check each
 * record's version. It begins again where it was stopped, because what is done is gone. Tags go before their history
 * and manifests before their graves, so that a request that still runs finds nothing to write a new record beside.
 */
export async function clearRepository(
  parts: JobParts & { readonly registry: RegistryParts },
  entry: ReviewEntry,
  signal: AbortSignal,
): Promise<boolean> {
  const { repo } = entry
  const plain = [
    keys.tags(repo),
    keys.allTagged(repo),
    keys.allTagLogs(repo),
    keys.manifests(repo),
    keys.allReferrers(repo),
    keys.graves(repo),
    keys.bodies(repo),
    keys.allEdges(repo),
    keys.allPulled(repo),
    keys.allKept(repo),
  ]
  for (const prefix of plain) if (!(await clearAll(parts, prefix, signal))) return false
  for (;;) {
    if (signal.aborted) return false
    const links = await parts.metadata.range({ prefix: keys.links(repo), limit: LINKS_AT_ONCE })
    if (links.length === 0) break
    await dropLinks(parts.registry, entry, links)
    parts.progress(links.length)
    await parts.pace()
  }
  await parts.metadata.commit({ checks: [], sets: [], deletes: [entry.key] })
  return true
}

async function clearAll(parts: JobParts, prefix: Uint8Array, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    if (signal.aborted) return false
    const count = await transact(parts.metadata, async (transaction) => {
      const page = await transaction.range({ prefix, limit: AT_ONCE })
      for (const { key, version } of page) {
        transaction.checkVersion(key, version)
        transaction.delete(key)
      }
      return page.length
    })
    if (count === 0) return true
    parts.progress(count)
    await parts.pace()
  }
}

/** One commit for each: of two links to the same content, the second has to see that the first is gone. */
async function dropLinks(
  registry: RegistryParts,
  { name, repo }: { readonly name: ReviewEntry['name']; readonly repo: RepositoryId },
  links: readonly Entry[],
): Promise<void> {
  const dropOne = async ({ key }: Entry): Promise<void> => {
    const reader = new TupleReader(key)
    reader.bytes(8)
    const digest = reader.digest()
    await transact(registry.metadata, async (transaction) => {
      const link = await transaction.getChecked(linkCodec, key)
      if (link === undefined) return
      await dropLink(transaction, registry, { name, repo, digest, sha256: link.value.sha256 })
    })
  }
  await Promise.all(links.map(dropOne))
}
