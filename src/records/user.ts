import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField } from './fields.ts'

export const userCodec = recordCodec(
  'user',
  1,
  z.object({
    /** argon2id in PHC form. */
    password: z.string(),
    administrator: z.boolean(),
    /** Set: may not do anything, keeps everything. */
    disabled: z.boolean().optional(),
    created: dateField,
  }),
)

export const USER_NAME_LIMIT = 64
const USER_NAME = /^[a-z0-9]+(?:[._@-]+[a-z0-9]+)*$/

/**
 * Whether `text` can be a user. No colon (Basic splits there), no plus (`project+account` is a service account),
 * no leading underscore (login names such as `_json_key` mean something else).
 */
export function isUserName(text: string): boolean {
  return text.length <= USER_NAME_LIMIT && USER_NAME.test(text)
}
