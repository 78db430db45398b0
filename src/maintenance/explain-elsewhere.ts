import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { trashCodec } from '../records/review.ts'
import { TupleReader } from '../records/tuple.ts'
import { uploadCodec } from '../records/upload.ts'
import type { RegistryParts } from '../registry/parts.ts'
import { type Foreseen, foresee } from './collection-report.ts'
import { recordsOf } from './records-of.ts'
import { readReview } from './review-queue.ts'

/** Bytes of a blob whose record is gone. Dates are milliseconds. */
export interface Trashed {
  /** When the collector, or a push that brought the bytes anew, took them out of use. */
  readonly at: number
  /** The repository that held them last. */
  readonly repository?: RepositoryName | undefined
  /** When they are removed. */
  readonly until: number
}

/** An upload that brings, or has just brought, what has the digest. */
export interface BringingUpload {
  readonly repository: RepositoryName
  readonly account: string
  readonly finished: boolean
  /** Milliseconds. */
  readonly expires: number
}

export async function trashOf({ metadata }: RegistryParts, wanted: Digest): Promise<Trashed[]> {
  const found: Trashed[] = []
  for await (const { key, value } of recordsOf(metadata, 'trash')) {
    const { at, digest, name } = trashCodec.decode(value)
    if (digest === wanted) found.push({ at, repository: name, until: Number(new TupleReader(key).uint64()) })
  }
  return found
}

export async function uploadsOf({ metadata, now }: RegistryParts, wanted: Digest): Promise<BringingUpload[]> {
  const found: BringingUpload[] = []
  for await (const { value } of recordsOf(metadata, 'upload')) {
    const { name, account, offset, prefix, closing, done, ended, expires } = uploadCodec.decode(value)
    // Nothing has come yet of one that has only begun.
    const brought = [done, closing, offset > 0 ? prefix : undefined]
    if (ended === true || expires <= now() || !brought.includes(wanted)) continue
    found.push({ repository: name, account, finished: done !== undefined, expires })
  }
  return found
}

/** What the collector will do with the entries of its queue that are about a digest. */
export async function foreseenOf(parts: RegistryParts, wanted: Digest): Promise<Foreseen[]> {
  const found: Foreseen[] = []
  for await (const raw of recordsOf(parts.metadata, 'review')) {
    const entry = readReview(raw)
    if (entry.digest === wanted) found.push(await foresee(parts, entry))
  }
  return found
}
