import { uploadRange } from '../../oci/content-range.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { type SessionName, uploadLocation } from '../../registry/upload-session.ts'
import { challenged, repositoryName, scopeOf } from '../authorize.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { requireDigest } from '../require-name.ts'
import { chunkOf } from './chunk.ts'
import { queryText } from './params.ts'
import { accountName, type DistributionParts } from './parts.ts'
import { created } from './push-blob.ts'

function sessionOf(exchange: Exchange): SessionName {
  return {
    id: exchange.params['upload'] ?? '',
    name: repositoryName(exchange.params),
    account: accountName(exchange),
  }
}

/** An expired token is good for nothing but its account's own running upload: without one it is just expired. */
function forOwnSession(handler: Handler): Handler {
  return async (exchange) => {
    try {
      return await handler(exchange)
    } catch (error) {
      const unknown = error instanceof RegistryError && error.code === 'BLOB_UPLOAD_UNKNOWN'
      if (!unknown || !exchange.caller.expired) throw error
      throw challenged(exchange.origin, 'the token has expired', {
        scope: scopeOf({ right: 'push', params: exchange.params, query: exchange.query }),
        error: 'invalid_token',
      })
    }
  }
}

function sessionHeaders(session: SessionName, range: string): Record<string, string> {
  return { location: uploadLocation(session.name, session.id), range, 'docker-upload-uuid': session.id }
}

/** distribution-spec end-5: PATCH appends a chunk. */
export function patchUpload({ uploads }: DistributionParts): Handler {
  return forOwnSession(async (exchange) => {
    const session = sessionOf(exchange)
    const offset = await uploads.append(session, chunkOf(exchange))
    exchange.note({ offset })
    return { status: 202, headers: sessionHeaders(session, uploadRange(offset, '0-0')) }
  })
}

/** distribution-spec end-6: PUT ends the session, with the last chunk or without. */
export function putUpload({ uploads }: DistributionParts): Handler {
  return forOwnSession(async (exchange) => {
    const session = sessionOf(exchange)
    const text = queryText(exchange, 'digest')
    if (text === undefined)
      throw new RegistryError('DIGEST_INVALID', {
        message: 'the closing PUT of an upload needs ?digest=<digest of the whole blob>; the session is kept',
      })
    const digest = requireDigest(text)
    exchange.note({ digest })
    await uploads.finish(session, digest, chunkOf(exchange))
    return created(session.name, digest)
  })
}

/** distribution-spec end-13: GET tells how far the session is. */
export function getUpload({ uploads }: DistributionParts): Handler {
  return forOwnSession(async (exchange) => {
    const session = sessionOf(exchange)
    return {
      status: 204,
      headers: sessionHeaders(session, uploadRange(await uploads.status(session), '0--1')),
    }
  })
}

/** distribution-spec end-14: DELETE cancels the session. */
export function cancelUpload({ uploads }: DistributionParts): Handler {
  return forOwnSession(async (exchange) => {
    await uploads.cancel(sessionOf(exchange))
    return { status: 204 }
  })
}
