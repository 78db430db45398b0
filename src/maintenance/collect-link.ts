import { linkCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { dropLink } from '../registry/links.ts'
import { type Look, spareUntil } from './review-queue.ts'

/**
 * A link goes when no manifest leads to it and nobody was told of it within the grace: the commit checks its version,
 * which every confirmation changes, and that its range of edges is still empty.
 */
export const collectLink: Look = async (transaction, parts, entry) => {
  const { name, repo, digest } = entry
  if (digest === undefined) return { action: 'kept', reason: 'not a link' }
  const link = await transaction.getChecked(linkCodec, keys.link(repo, digest))
  if (link === undefined) return { action: 'kept', reason: 'removed before' }
  const edges = keys.edges(repo, digest)
  if ((await transaction.range({ prefix: edges, limit: 1 })).length > 0)
    return { action: 'kept', reason: 'a manifest refers to it' }
  const due = spareUntil(parts, link.value.confirmed)
  if (due !== undefined) return { action: 'later', reason: 'a client was told that it is here', due }
  transaction.checkRange(link.key, edges, [])
  await dropLink(transaction, parts, { name, repo, digest, sha256: link.value.sha256 })
  return { action: 'removed', reason: 'no manifest of the repository refers to it' }
}
