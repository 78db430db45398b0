import { createHash } from 'node:crypto'
import { readWhole } from '../../storage/blobs/read-whole.ts'
import { type Digest, digestAlgorithm, digestFromBytes } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { bodyCodec } from '../records/manifest.ts'
import { type BlobView, getBlob, mayNotPush } from './blobs.ts'
import { digestOf } from './manifest-digest.ts'
import { OtherBytes } from './open-blob.ts'
import type { RegistryParts } from './parts.ts'

/** The manifest that bytes are of. */
interface Named {
  readonly name: RepositoryName
  readonly digest: Digest
}

/** Calls `write` with each piece in order and waits for it; a piece's memory is free again once `write` resolves. */
export type BodyPump = (write: (piece: Uint8Array) => Promise<void>) => Promise<void>

/** Digests of values whose bytes were hashed: a store that remembers records hands out the same array again. */
const verified = new WeakMap<Uint8Array, Digest>()

/** A manifest's bytes from the value of its `body` record. Rejects with StoreDamaged when they are not what was pushed. */
export async function readBody(
  parts: RegistryParts,
  manifest: Named,
  value: Uint8Array,
): Promise<Uint8Array> {
  const body = bodyCodec.decode(value)
  if (body.kind === 'inline') return inlineBody(manifest, value, body.bytes)
  return verify(manifest, await asManifest(manifest, async () => readWhole(await blobOf(parts, manifest))))
}

/** The same, but of a large manifest what pumps it. That breaks off before its last piece when the bytes are others. */
export async function openBody(
  parts: RegistryParts,
  manifest: Named,
  value: Uint8Array,
): Promise<Uint8Array | BodyPump> {
  const body = bodyCodec.decode(value)
  if (body.kind === 'inline') return inlineBody(manifest, value, body.bytes)
  const blob = await asManifest(manifest, () => blobOf(parts, manifest))
  return (write) => asManifest(manifest, () => pump(manifest, blob, write))
}

async function inlineBody(manifest: Named, value: Uint8Array, bytes: Uint8Array): Promise<Uint8Array> {
  if (verified.get(value) === manifest.digest) return bytes
  await verify(manifest, bytes)
  verified.set(value, manifest.digest)
  return bytes
}

async function pump(
  manifest: Named,
  blob: BlobView,
  write: (piece: Uint8Array) => Promise<void>,
): Promise<void> {
  const algorithm = digestAlgorithm(manifest.digest)
  const hash = createHash(algorithm)
  let left = blob.size
  const reader = await blob.open()
  await reader.pump((piece) => {
    hash.update(piece)
    left -= piece.length
    if (left === 0 && digestFromBytes(algorithm, hash.digest()) !== manifest.digest) throw damaged(manifest)
    return write(piece)
  })
}

async function verify(manifest: Named, bytes: Uint8Array): Promise<Uint8Array> {
  const { digest } = manifest
  if ((await digestOf(digestAlgorithm(digest), bytes)) === digest) return bytes
  throw damaged(manifest)
}

function damaged({ name, digest }: Named): OtherBytes {
  return new OtherBytes(`the stored body of manifest ${digest} in '${name}' has another digest`)
}

/** Of a manifest above BODY_LIMIT. */
function blobOf(parts: RegistryParts, { name, digest }: Named): Promise<BlobView> {
  return getBlob(parts, name, digest, mayNotPush)
}

/** Throws MANIFEST_UNKNOWN when the blob that holds the body is damaged or gone. */
async function asManifest<Result>({ digest }: Named, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'BLOB_UNKNOWN') throw error
    throw new RegistryError('MANIFEST_UNKNOWN', {
      message: `the stored bytes of manifest ${digest} are damaged; push it again, that replaces them`,
      detail: { digest },
      cause: error,
    })
  }
}
