import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField } from './fields.ts'

const bytesField = z.base64()

/** Value of `outbox`: the keys that one commit changed. What they hold now is read when the entry is worked off. */
export const outboxCodec = recordCodec('outbox', 1, z.object({ keys: z.array(bytesField) }))

/** Value of `migration` in the registry that moves away. */
export const departureCodec = recordCodec(
  'departure',
  1,
  z.object({
    /** The same in both places, so that a move that was cut goes on only into the stores that it began to fill. */
    id: z.string(),
    /** Where to, for people. */
    target: z.string(),
    started: dateField,
    /** `moved`: the other stores are complete, and nothing may be written here any more. */
    phase: z.enum(['copying', 'moved']),
    /** The last key that was copied in the first pass over everything. */
    cursor: bytesField.optional(),
  }),
)
export type DepartureRecord = ReturnType<typeof departureCodec.decode>

/** Value of `migration` in the stores that a registry moves into: nobody serves from them while it says `filling`. */
export const arrivalCodec = recordCodec(
  'arrival',
  1,
  z.object({ id: z.string(), phase: z.enum(['filling', 'ready']) }),
)
