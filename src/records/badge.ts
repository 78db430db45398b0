import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField } from './fields.ts'

/** A key that shows the badges of one repository to whoever has it. */
export const badgeCodec = recordCodec(
  'badge',
  1,
  z.object({ repository: z.string(), created: dateField, createdBy: z.string() }),
)
