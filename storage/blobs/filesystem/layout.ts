import { type Digest, digestAlgorithm, digestHex, parseDigest } from '../../../src/oci/digest.ts'
import { type BlobLocation, blobLocation, type UploadState } from '../blob-store.ts'

/**
 * ```
 * <directory>/uploads/<id>                          being written
 * <directory>/blobs/sha256/ab/<64 hex>.<id>         finished; the path from `blobs` on is the location
 * <directory>/blobs/sha512/ab/<128 hex>.<id>
 * ```
 */
export const UPLOADS = 'uploads'
export const BLOB_PARENTS: readonly string[] = ['blobs/sha256', 'blobs/sha512']

/** `00` to `ff`: the directories below each parent, by the first byte of the digest. */
export const FAN_OUT: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
)

/** Neither dot nor slash: an id is always one plain file name, also behind a sha512 (255 bytes is the most). */
const UPLOAD_ID = /^[A-Za-z0-9_-]{1,100}$/
const LOCATION =
  /^blobs\/(?:sha256\/([0-9a-f]{2})\/\1[0-9a-f]{62}|sha512\/([0-9a-f]{2})\/\2[0-9a-f]{126})\.[A-Za-z0-9_-]{1,100}$/

/** Where an upload's bytes are, and the run of the program that has written them all. */
export interface FileUpload {
  readonly id: string
  readonly session: string
}

export function isUploadId(id: string): boolean {
  return UPLOAD_ID.test(id)
}

/** The upload that a recorded state speaks of, undefined when this driver did not write the state. */
export function parseUploadState(state: UploadState): FileUpload | undefined {
  const { id, session } = state
  if (typeof id !== 'string' || typeof session !== 'string' || !isUploadId(id)) return undefined
  return { id, session }
}

/** The state of an upload of which only the file is known. */
export function stateOfOther(id: string): UploadState {
  return { id, session: '' }
}

/** Path below the store's directory. */
export function uploadPath(id: string): string {
  return `${UPLOADS}/${id}`
}

export function locationOf(digest: Digest, id: string): BlobLocation {
  const hex = digestHex(digest)
  return blobLocation(`blobs/${digestAlgorithm(digest)}/${hex.slice(0, 2)}/${hex}.${id}`)
}

/** Whether `text` is a location of this driver. Anything else must never reach the file system. */
export function isLocation(text: string): boolean {
  return LOCATION.test(text)
}

/** What a location was made of; undefined for what is no location of this driver. */
export function parseLocation(
  text: string,
): { readonly location: BlobLocation; readonly digest: Digest; readonly upload: string } | undefined {
  if (!isLocation(text)) return undefined
  const [, algorithm, , name = ''] = text.split('/')
  const [hex, upload = ''] = name.split('.')
  const digest = parseDigest(`${algorithm}:${hex}`)
  return digest && { location: blobLocation(text), digest, upload }
}
