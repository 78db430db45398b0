import { type Digest, digestAlgorithm, digestHex, parseDigest } from '../../../src/oci/digest.ts'
import { type BlobLocation, blobLocation } from '../blob-store.ts'

/**
 * Keys below the configured prefix:
 * ```
 * owner.json                            the registry that this prefix belongs to
 * sha256/ab/<64 hex>.<id>.<size>.blob   a blob below the size of a part: its bytes
 * data/<id>                             bytes of a blob in parts, written there from their first part on
 * sha256/ab/<64 hex>.<id>.<size>        its marker, empty: says that data/<id> is a finished blob, of this digest and size
 * sha512/ab/<128 hex>.…
 * uploads/<id>/<random>                 side objects: bytes of an upload that fill no part yet, written once
 * ```
 * A location is the key of a blob's only object, or of its marker: a listing below two parents finds everything, and
 * rebuilds the map of digests. A key is chosen before the first part, when nobody knows the digest yet; that is why
 * blobs in parts need a marker. It is written before their data is finished and removed after it, so that no bytes are
 * ever without one. Blobs below the size of a part had markers, too, before docs/decisions/073: they stay as they are.
 */
export const OWNER = 'owner.json'
export const LOCATION_PARENTS: readonly string[] = ['sha256/', 'sha512/']

const UPLOAD_ID = /^[A-Za-z0-9_-]{1,100}$/
const LOCATION =
  /^(?:sha256\/([0-9a-f]{2})\/\1[0-9a-f]{62}|sha512\/([0-9a-f]{2})\/\2[0-9a-f]{126})\.([A-Za-z0-9_-]{1,100})\.(\d{1,16})(\.blob)?$/

export function isUploadId(id: string): boolean {
  return UPLOAD_ID.test(id)
}

export function dataKey(id: string): string {
  return `data/${id}`
}

export function sideKey(id: string, name: string): string {
  return `${sidePrefix(id)}${name}`
}

/** Begins the key of each side object of an upload, and of no other's. */
export function sidePrefix(id: string): string {
  return `uploads/${id}/`
}

/** Of a blob whose bytes are at its `dataKey`, as those in parts are. */
export function markerOf(digest: Digest, id: string, size: number): BlobLocation {
  const hex = digestHex(digest)
  return blobLocation(`${digestAlgorithm(digest)}/${hex.slice(0, 2)}/${hex}.${id}.${size}`)
}

/** Of a blob that one call writes, digest and size known. */
export function objectOf(digest: Digest, id: string, size: number): BlobLocation {
  return blobLocation(`${markerOf(digest, id, size)}.blob`)
}

/**
 * What a location says: where its bytes are (at the location itself, or elsewhere and it is a marker), how many, of which
 * digest and upload; undefined for what is none.
 */
export function parseLocation(location: string):
  | {
      readonly location: BlobLocation
      readonly dataKey: string
      readonly size: number
      readonly digest: Digest
      readonly upload: string
    }
  | undefined {
  const match = LOCATION.exec(location)
  if (match === null) return undefined
  const [algorithm, , file = ''] = location.split('/')
  const digest = parseDigest(`${algorithm}:${file.split('.', 1)[0]}`)
  const upload = match[3] ?? ''
  return (
    digest && {
      location: blobLocation(location),
      dataKey: dataKeyOf(location, match),
      size: Number(match[4]),
      digest,
      upload,
    }
  )
}

/** Where the bytes of a location are, which costs a third of all that parseLocation says; undefined for what is none. */
export function dataKeyAt(location: string): string | undefined {
  const match = LOCATION.exec(location)
  return match === null ? undefined : dataKeyOf(location, match)
}

function dataKeyOf(location: string, [, , , upload = '', , whole]: RegExpExecArray): string {
  return whole === undefined ? dataKey(upload) : location
}

export const SIDE_OBJECTS = 'uploads/'

const SIDE_KEY = /^uploads\/([A-Za-z0-9_-]{1,100})\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * The upload that a side object belongs to. Undefined for any other object: `uploads/` is a name that other programs
 * give to folders of theirs, and what is not an upload's may be swept away by nobody.
 */
export function uploadOfSide(key: string): string | undefined {
  return SIDE_KEY.exec(key)?.[1]
}
