import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField, roleField } from './fields.ts'

/** A service account: belongs to one project and has one role there. Its secret is a credential. */
export const accountCodec = recordCodec(
  'account',
  1,
  z.object({ role: roleField, created: dateField, createdBy: z.string(), expires: dateField.optional() }),
)
