import { linkCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { dropLink } from '../registry/links.ts'
import { dropWithBlob } from './collect-blob.ts'
import { type Look, spareUntil } from './review-queue.ts'

/**
 * A link goes when no manifest leads to it and nobody was told of it within the grace: the commit checks its version,
 * which every confirmation changes, and that its range of edges is still empty. Content that nobody else holds goes along.
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
  const held = { name, repo, digest, sha256: link.value.sha256 }
  const reason = 'no manifest of the repository refers to it'
  const bytes = await dropWithBlob(transaction, parts, held)
  if (bytes !== undefined) return { action: 'removed', reason, bytes }
  await dropLink(transaction, parts, held)
  return { action: 'removed', reason }
}
