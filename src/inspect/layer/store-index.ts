import { hash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import {
  type BlobLocation,
  type BlobStore,
  blobLocation,
  type UploadWriter,
} from '../../../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { type Transaction, transact } from '../../../storage/metadata/transact.ts'
import { type Digest, digestFromBytes } from '../../oci/digest.ts'
import { parseName, type RepositoryName } from '../../oci/name.ts'
import { blobCodec, contentCodec, linkCodec } from '../../records/blob.ts'
import { keys } from '../../records/keys.ts'
import { INDEX_HOLDER } from '../../records/layer-index.ts'
import { edgeCodec } from '../../records/manifest.ts'
import { reviewCodec, trashCodec } from '../../records/review.ts'
import { type UploadRecord, uploadCodec } from '../../records/upload.ts'
import type { WrittenFile } from './layer-thread.ts'

export interface HeldParts {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  readonly now: () => number
  /** How long what is not used any more is kept, in milliseconds. */
  readonly grace: number
}

/** Bytes in the blob store that no record speaks of yet, but for the upload's own. */
export interface StoredFile {
  readonly upload: string
  readonly location: BlobLocation
  readonly sha256: Digest
  readonly size: number
}

const UPLOAD_LIFE = 3_600_000
/** Storing that takes longer says so now and then: else its upload would end in the middle, as one that is given up. */
const RENEW = UPLOAD_LIFE / 4
/** Longer than any reader holds on to a location. */
const TRASH_DELAY = 3_600_000
/** No client has this account, so none can go on with such an upload. */
const ACCOUNT = 'indexer'
/** The digest of no bytes. */
const EMPTY = digestFromBytes('sha256', hash('sha256', '', 'buffer'))
/** What records say that must say a name; it leads nowhere. */
const UPLOAD_NAME = nameOf('indexes')

/** Stores a file under an upload's record, so that bytes which are never kept are thrown away as those of any upload. */
export async function storeFile(parts: HeldParts, { path, sha256 }: WrittenFile): Promise<StoredFile> {
  const { metadata, blobs } = parts
  const upload = randomUUID()
  const state = await blobs.create(upload)
  const created = parts.now()
  const record = {
    name: UPLOAD_NAME,
    repo: INDEX_HOLDER.repo,
    account: ACCOUNT,
    offset: 0,
    state,
    prefix: EMPTY,
    created,
  }
  await transact(metadata, (transaction) => {
    transaction.set(uploadCodec, keys.upload(upload), { ...record, expires: created + UPLOAD_LIFE })
    return Promise.resolve()
  })
  const writer = await blobs.append(state, 0)
  const size = await fill(parts, writer, { upload, path, created }).catch(async (error: unknown) => {
    // Its file and its memory are given back; what is in the upload goes when that is over.
    await writer.close().catch(() => undefined)
    throw error
  })
  const done = await writer.close()
  return { upload, location: await blobs.complete(done, size, sha256), sha256, size }
}

/** Gives the number of bytes. */
async function fill(
  parts: HeldParts,
  writer: UploadWriter,
  { upload, path, created }: { readonly upload: string; readonly path: string; readonly created: number },
): Promise<number> {
  let size = 0
  let renewed = created
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('a file gives bytes')
    size += chunk.length
    await writer.write(chunk)
    if (parts.now() - renewed < RENEW) continue
    await renew(parts, upload)
    renewed = parts.now()
  }
  return size
}

async function renew({ metadata, now }: HeldParts, upload: string): Promise<void> {
  await transact(metadata, async (transaction) => {
    const record = await openUpload(transaction, upload)
    transaction.set(uploadCodec, keys.upload(upload), { ...record, expires: now() + UPLOAD_LIFE })
  })
}

/** The commit checks that the upload is still there: no sweep has taken its bytes. Throws when it is over. */
async function openUpload(transaction: Transaction, upload: string): Promise<UploadRecord> {
  const found = await transaction.getChecked(uploadCodec, keys.upload(upload))
  if (found === undefined || found.value.ended === true)
    throw new Error(`the upload ${upload} ended before its file was kept; the file has to be made again`)
  return found.value
}

/**
 * Keeps a stored file for a layer, within the caller's commit: blob, link, holder and an edge from the layer, so that no
 * collector takes it while the layer is here. False: the layer is gone. Throws when the file's upload is over.
 */
export async function holdFile(
  transaction: Transaction,
  parts: HeldParts,
  layer: Digest,
  file: StoredFile,
): Promise<boolean> {
  const owner = await transaction.getChecked(blobCodec, keys.blob(layer))
  if (owner === undefined) return false
  await openUpload(transaction, file.upload)
  const { sha256, size, location } = file
  const { project, repo } = INDEX_HOLDER
  const now = parts.now()
  const existing = await transaction.getChecked(blobCodec, keys.blob(sha256))
  const old = existing?.value
  if (old !== undefined && old.quarantined === undefined && (await isThere(parts, old.location, size))) {
    if (old.location !== location) trash(transaction, location, now)
  } else {
    transaction.set(blobCodec, keys.blob(sha256), { size, location, created: now })
    if (old !== undefined) trash(transaction, old.location, now)
  }
  transaction.set(linkCodec, keys.link(repo, sha256), { sha256, confirmed: now })
  transaction.set(contentCodec, keys.holder(sha256, project, repo, sha256), { size })
  transaction.set(edgeCodec, keys.edge(repo, sha256, layer), {})
  transaction.delete(keys.upload(file.upload))
  return true
}

/** Lets go of what a layer held before; with its last layer, the collector gets a file when the grace is over. */
export async function releaseFile(
  transaction: Transaction,
  parts: HeldParts,
  layer: Digest,
  sha256: Digest,
): Promise<void> {
  const { project, repo } = INDEX_HOLDER
  const [link, edges] = [keys.link(repo, sha256), keys.edges(repo, sha256)]
  const held = await transaction.range({ prefix: edges, limit: 2 })
  const own = keys.edge(repo, sha256, layer)
  transaction.delete(own)
  // Of two that let go at once, one has to see that it is the last.
  const other = held.find(({ key }) => Buffer.compare(key, own) !== 0)
  if (other !== undefined) {
    transaction.checkExists(other.key)
    return
  }
  transaction.checkRange(link, edges, held)
  transaction.delete(link)
  transaction.delete(keys.holder(sha256, project, repo, sha256))
  const due = parts.now() + parts.grace
  transaction.set(reviewCodec, keys.review(due, 'blob', repo, sha256), { name: UPLOAD_NAME })
}

/** Whether what was stored before is still as long as it should be: else what is stored anew takes its place. */
async function isThere({ blobs }: HeldParts, location: string, size: number): Promise<boolean> {
  return (await blobs.size(blobLocation(location))) === size
}

function trash(transaction: Transaction, location: string, now: number): void {
  transaction.set(trashCodec, keys.trash(now + TRASH_DELAY, location), { at: now })
}

function nameOf(text: string): RepositoryName {
  const name = parseName(text)
  if (name === undefined) throw new TypeError(`'${text}' is no name`)
  return name
}
