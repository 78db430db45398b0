import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/name.ts'
import { uploadLocation } from '../../registry/upload-session.ts'
import { repositoryName } from '../authorize.ts'
import type { Exchange, Handler, Reply } from '../exchange.ts'
import { requireDigest } from '../require-name.ts'
import { chunkOf } from './chunk.ts'
import { mountBlob } from './mount-blob.ts'
import { announcedAlgorithm, queryText } from './params.ts'
import { accountName, type DistributionParts } from './parts.ts'

/** distribution-spec end-4a, 4b, 4c, 11: POST of an upload: by mount, in one request, or as a session. */
export function pushBlob(parts: DistributionParts): Handler {
  return async (exchange) => {
    const name = repositoryName(exchange.params)
    const mount = queryText(exchange, 'mount')
    if (mount !== undefined && (await mountBlob(parts, exchange, name, mount))) {
      exchange.note({ mounted: true })
      return created(name, requireDigest(mount))
    }
    const digest = queryText(exchange, 'digest')
    return digest === undefined || mount !== undefined
      ? begin(parts, exchange, name)
      : pushWhole(parts, exchange, { name, digest: requireDigest(digest) })
  }
}

async function begin(parts: DistributionParts, exchange: Exchange, name: RepositoryName): Promise<Reply> {
  const id = await parts.uploads.start(name, accountName(exchange), announcedAlgorithm(exchange))
  // Zero bytes are `0-0` here: distribution's clients scan two numbers.
  return {
    status: 202,
    headers: { location: uploadLocation(name, id), 'docker-upload-uuid': id, range: '0-0' },
  }
}

/** A single POST leaves no session behind when it fails. */
async function pushWhole(
  parts: DistributionParts,
  exchange: Exchange,
  blob: { readonly name: RepositoryName; readonly digest: Digest },
): Promise<Reply> {
  const { name, digest } = blob
  const account = accountName(exchange)
  const id = await parts.uploads.start(name, account, announcedAlgorithm(exchange))
  const session = { id, name, account }
  try {
    await parts.uploads.finish(session, digest, chunkOf(exchange))
  } catch (error) {
    await parts.uploads.cancel(session)
    throw error
  }
  return created(name, digest)
}

/** The answer to a blob that is readable now, by whichever way it came. */
export function created(name: RepositoryName, digest: Digest): Reply {
  return {
    status: 201,
    headers: { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest },
  }
}
