import { type LayerUser, layerUsers, type UserPlace } from '../../inspect/usage.ts'
import { parseDigest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { answer, date } from '../api/answers.ts'
import { readPage } from '../api/page.ts'
import type { Handler } from '../exchange.ts'
import { layerOf } from './layer-index.ts'
import { cursorParam, nextCursor } from './params.ts'
import { type InspectHttpParts, mayRead } from './parts.ts'

/** F13: who else has a layer. */
export function getLayerUsage(parts: InspectHttpParts): Handler {
  return async (exchange) => {
    const layer = await layerOf(parts, exchange)
    const { limit } = readPage(exchange.query)
    const after = userPlace(cursorParam(exchange))
    const readable = mayRead(parts, exchange)
    const { users, next } = await layerUsers(parts.metadata, layer, {
      mayRead: readable,
      limit,
      ...(after && { after }),
    })
    return answer(200, {
      layer,
      images: users.map(showUser),
      more: next !== undefined,
      ...nextCursor(next && placeText(next)),
    })
  }
}

/** A place as a cursor has it; userPlace reads it back. */
export function placeText({ project, repo, digest, parent }: UserPlace): string {
  return [project, repo, digest, parent].join(' ')
}

/** Whatever it names, only what the caller may see follows it. Throws REQUEST_INVALID. */
export function userPlace(cursor: string): UserPlace | undefined {
  if (cursor === '') return undefined
  const [project = '', repo = '', ...digests] = cursor.split(' ')
  const [digest, parent] = digests.map((text) => parseDigest(text))
  if (/^[0-9a-f]{16}$/.test(repo) && digest !== undefined && parent !== undefined)
    return { project, repo, digest, parent }
  throw new RegistryError('REQUEST_INVALID', {
    message: 'cursor takes the `next` of an earlier page',
    detail: { field: 'cursor' },
  })
}

/** One image that has a layer, as JSON. */
export function showUser({ repository, digest, tags, pushed }: LayerUser) {
  return { repository, digest, tags, pushed: date(pushed) }
}
