import { createHash } from 'node:crypto'
import { type Digest, type DigestAlgorithm, digestFromBytes } from '../oci/digest.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../oci/media-type.ts'
import { parseName, type RepositoryName } from '../oci/name.ts'
import { parseTag, type Tag } from '../oci/tag.ts'
import type { Chunk } from './chunk.ts'

export function name(text: string): RepositoryName {
  const parsed = parseName(text)
  if (parsed === undefined) throw new TypeError(`${text} is not a name`)
  return parsed
}

export function tag(text: string): Tag {
  const parsed = parseTag(text)
  if (parsed === undefined) throw new TypeError(`${text} is not a tag`)
  return parsed
}

export function digestOf(bytes: Uint8Array | string, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return digestFromBytes(algorithm, createHash(algorithm).update(bytes).digest())
}

/** A body in pieces of `size` bytes. */
export function chunk(
  bytes: Uint8Array | string,
  extra: Partial<Chunk> & { readonly size?: number } = {},
): Chunk {
  const { size = 7, ...rest } = extra
  const all = Buffer.from(bytes)
  return {
    bytes: (async function* () {
      for (let at = 0; at < all.length; at += size) {
        await Promise.resolve()
        yield all.subarray(at, at + size)
      }
    })(),
    range: undefined,
    length: undefined,
    ...rest,
  }
}

/** A body that ends with an error, as when a client hangs up. */
export function cutChunk(bytes: Uint8Array | string): Chunk {
  const all = Buffer.from(bytes)
  return {
    bytes: (async function* () {
      await Promise.resolve()
      if (all.length > 0) yield all
      throw new Error('aborted')
    })(),
    range: undefined,
    length: undefined,
  }
}

/** A manifest of a config and layers that are here already. */
export function image(config: Digest, layers: readonly Digest[] = [], more: object = {}): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config, size: 1 },
      layers: layers.map((digest) => ({
        mediaType: 'application/vnd.oci.image.layer.v1.tar',
        digest,
        size: 1,
      })),
      ...more,
    }),
  )
}

export function index(children: readonly Digest[], more: object = {}): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: children.map((digest) => ({ mediaType: OCI_MANIFEST, digest, size: 1 })),
      ...more,
    }),
  )
}
