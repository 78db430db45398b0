import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField } from './fields.ts'

/** Value of `lease`: which process does a job now, and until when it may be believed to. */
export const leaseCodec = recordCodec('lease', 1, z.object({ holder: z.string(), until: dateField }))

/** Value of `dead-letter`: an item of a job that failed, and when it is tried again. */
export const failureCodec = recordCodec(
  'failure',
  1,
  z.object({
    attempts: z.number().int().positive(),
    first: dateField,
    last: dateField,
    next: dateField,
    message: z.string(),
  }),
)
export type FailureRecord = ReturnType<typeof failureCodec.decode>
