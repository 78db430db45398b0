import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField, digestField, sizeField } from './fields.ts'

/** Value of `cursor` of the scrub: one pass over all blobs, by digest. */
export const scrubCodec = recordCodec(
  'scrub',
  1,
  z.object({
    begun: dateField,
    /** The last blob that was read. Absent at the beginning. */
    after: digestField.optional(),
    blobs: sizeField,
    bytes: sizeField,
    /** Blobs that this pass found to be damaged. */
    damaged: sizeField,
    finished: dateField.optional(),
  }),
)
export type ScrubRecord = ReturnType<typeof scrubCodec.decode>

/** Value of `cursor` of the check of records and bytes: the one that is under way, or the last one. */
export const fsckCodec = recordCodec(
  'fsck',
  1,
  z.object({
    /** Who writes it: another check has another. */
    id: z.string(),
    /** When its process last said how far it is. */
    told: dateField,
    repair: z.boolean(),
    force: z.boolean(),
    state: z.enum(['running', 'done', 'failed']),
    begun: dateField,
    finished: dateField.optional(),
    error: z.string().optional(),
    checked: z.object({ records: sizeField, blobs: sizeField, locations: sizeField }),
    problems: z.array(z.object({ problem: z.string(), found: sizeField, mended: sizeField })),
    examples: z.array(z.string()),
  }),
)
export type FsckRecord = ReturnType<typeof fsckCodec.decode>

/** Value of `cursor` of the daily snapshot of the records: those in the blob store, the newest last. */
export const snapshotsCodec = recordCodec(
  'snapshots',
  1,
  z.object({
    /** The upload that is writing one now, or was when the server stopped. */
    pending: z.string().optional(),
    /** What the blob store needs to end it. */
    state: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    kept: z.array(
      z.object({
        upload: z.string(),
        location: z.string(),
        taken: dateField,
        digest: digestField.optional(),
      }),
    ),
  }),
)
export type SnapshotsRecord = ReturnType<typeof snapshotsCodec.decode>

/** Value of `hold`: until when a backup wants no bytes to be removed. */
export const holdCodec = recordCodec('hold', 1, z.object({ until: dateField }))

/** Value of `cursor` of the sweep: when it last looked through the whole store. */
export const sweepCodec = recordCodec('sweep', 1, z.object({ finished: dateField }))

/** Value of `cursor` of the time: the machine's clock, that by which things grow old, and since when they differ. */
export const clockCodec = recordCodec(
  'clock',
  1,
  z.object({ wall: dateField, steady: dateField, waited: sizeField }),
)
