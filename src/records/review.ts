import { z } from 'zod'
import type { Digest } from '../oci/digest.ts'
import { recordCodec } from './codec.ts'
import { dateField, digestField, nameField } from './fields.ts'
import type { RepositoryId } from './keys.ts'
import { manifestSchema } from './manifest.ts'
import { TupleReader } from './tuple.ts'

/** What the collector looks at: a link, a blob, a manifest without a tag, a grave. */
export const REVIEW_KINDS = ['link', 'blob', 'manifest', 'grave'] as const
export type ReviewKind = (typeof REVIEW_KINDS)[number] | 'repository'

/** Value of `review`. */
export const reviewCodec = recordCodec(
  'review',
  1,
  z.object({
    /** Name of the repository: of the one that held it last, for a blob. */
    name: nameField,
    /** The retention rule that removed what this hung on, and takes it along. */
    policy: z.string().optional(),
  }),
)
export type ReviewRecord = ReturnType<typeof reviewCodec.decode>

/** What a key of the queue says. */
export interface ReviewKey {
  readonly due: number
  readonly kind: ReviewKind
  readonly repo: RepositoryId
  /** Of all but a deleted repository, which is reviewed as a whole. */
  readonly digest: Digest | undefined
}

/** Reads a key of the queue. Throws TypeError on another one. */
export function readReviewKey(key: Uint8Array): ReviewKey {
  const reader = new TupleReader(key)
  const due = Number(reader.uint64())
  const text = reader.text()
  const repo = reader.repository()
  if (text === 'repository') return { due, kind: text, repo, digest: undefined }
  const kind = REVIEW_KINDS.find((known) => known === text)
  if (kind === undefined) throw new TypeError(`there is no review of '${text}'`)
  return { due, kind, repo, digest: reader.digest() }
}

/** Where the kind begins in a key of the queue: behind the byte of the table and the date. */
const SUBJECT_AT = 9

/** What a key of the queue is about, whenever it is due: text in the order of the keys. */
export function subjectText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1', SUBJECT_AT)
}

/** Value of `trash`: since when nothing uses the bytes. */
export const trashCodec = recordCodec(
  'trash',
  1,
  z.object({
    at: dateField,
    /** The blob that went, and the repository that held it last: for those who ask where it is. */
    digest: digestField.optional(),
    name: nameField.optional(),
  }),
)

/**
 * Value of `grave`: a manifest that was deleted. Until the grave ends it can be restored, its body stays and its edges
 * count; then only a note is left of who deleted it, for histories.
 */
export const graveCodec = recordCodec(
  'grave',
  1,
  z.object({
    at: dateField,
    by: z.string(),
    /** The retention rule that deleted it. */
    policy: z.string().optional(),
    until: dateField,
    tags: z.array(z.string()),
    /** Absent once the grave has ended. */
    manifest: manifestSchema.optional(),
  }),
)
export type GraveRecord = ReturnType<typeof graveCodec.decode>

/** Value of `keep`: a manifest that no retention rule may take. */
export const keepCodec = recordCodec('keep', 1, z.object({ at: dateField, by: z.string() }))

/** Value of `pulled`: when a manifest was last pulled, to the minute. */
export const pulledCodec = recordCodec('pulled', 1, z.object({ at: dateField }))

/** Value of `usage`: bytes that a project gained or lost, or their sum. */
export const usageCodec = recordCodec('usage', 1, z.object({ bytes: z.number().int() }))
