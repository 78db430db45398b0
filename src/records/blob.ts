import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField, digestField, sizeField } from './fields.ts'

export const blobCodec = recordCodec(
  'blob',
  1,
  z.object({
    size: sizeField,
    location: z.string(),
    created: dateField,
    /** Other digests of the same bytes: their aliases go with the blob. */
    aliases: z.array(digestField).optional(),
    /** When a scrub last found the bytes to be right. */
    verified: dateField.optional(),
    /** When they were found wrong: answered as absent until the same digest is pushed again. */
    quarantined: dateField.optional(),
  }),
)
export type BlobRecord = ReturnType<typeof blobCodec.decode>

export const aliasCodec = recordCodec('alias', 1, z.object({ sha256: digestField }))

export const linkCodec = recordCodec(
  'link',
  1,
  z.object({
    sha256: digestField,
    /** When a client was last told that the blob is here; the collector spares it for the grace time after. */
    confirmed: dateField,
  }),
)
export type LinkRecord = ReturnType<typeof linkCodec.decode>

/** Value of `holder` and `charge`, whose keys say what they mean. */
export const contentCodec = recordCodec('content', 1, z.object({ size: sizeField }))

/** Value of `damaged`: what was wrong with a quarantined blob, and since when. */
export const damagedCodec = recordCodec(
  'damaged',
  1,
  z.object({ location: z.string(), size: sizeField, at: dateField, why: z.string() }),
)
