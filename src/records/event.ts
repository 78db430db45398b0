import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField, digestField, nameField } from './fields.ts'

/** Value of `event`: a tag leads elsewhere, or to nothing any more. */
export const eventCodec = recordCodec(
  'event',
  1,
  z.object({
    /** Of the event, the same whenever it is told. */
    id: z.string(),
    action: z.enum(['push', 'delete']),
    name: nameField,
    repo: z.string(),
    tag: z.string(),
    /** Where the tag leads now, or led until then. */
    digest: digestField,
    at: dateField,
    /** The account, or `retention`. */
    by: z.string(),
  }),
)
export type EventRecord = ReturnType<typeof eventCodec.decode>
