import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField, digestField } from './fields.ts'

export const tagCodec = recordCodec(
  'tag',
  1,
  z.object({ digest: digestField, at: dateField, by: z.string() }),
)

/** Value of `tagged`, whose key says it all. */
export const taggedCodec = recordCodec('tagged', 1, z.object({}))

/** One step in a tag's history: where it led from then on; absent: it was deleted. */
export const tagLogCodec = recordCodec(
  'tag-log',
  1,
  z.object({
    digest: digestField.optional(),
    at: dateField,
    by: z.string(),
    /** The retention rule that deleted it. */
    policy: z.string().optional(),
  }),
)
