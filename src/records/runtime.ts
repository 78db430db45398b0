import { z } from 'zod'
import { recordCodec } from './codec.ts'

/** Value of the setting `read-only`: what an administrator switched, for all replicas. */
export const readOnlyCodec = recordCodec(
  'read-only',
  1,
  z.object({ readOnly: z.boolean(), reason: z.string().optional() }),
)
export type ReadOnlyRecord = ReturnType<typeof readOnlyCodec.decode>
