import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField, digestField, nameField, sizeField } from './fields.ts'

/** Value of `upload`: one session of a blob being pushed. */
export const uploadCodec = recordCodec(
  'upload',
  1,
  z.object({
    name: nameField,
    /** The id that the name led to when the upload began. */
    repo: z.string(),
    /** Who may go on with it: the account, never the token. */
    account: z.string(),
    offset: sizeField,
    /** What the blob store needs to go on, in any process. */
    state: z.record(z.string(), z.union([z.string(), z.number()])),
    /** sha256 of the bytes up to `offset`. */
    prefix: digestField,
    /** The hash behind `prefix` in the middle of its work, where the bytes cannot be read again to go on with it. */
    hash: z.base64().optional(),
    /** Announced by digest-algorithm at the start. */
    algorithm: z.enum(['sha256', 'sha512']).optional(),
    /** What a request that brought the last bytes is making of them: nothing else may become of this session. */
    closing: digestField.optional(),
    /** The process that is writing to it now, as other replicas believe until then. */
    writer: z.object({ process: z.string(), until: dateField }).optional(),
    created: dateField,
    expires: dateField,
    /** Set when finished: a repeated closing PUT is answered with its 201 until `expires`. */
    done: digestField.optional(),
    /** Cancelled or expired: nobody may go on with it, and its bytes are being removed. */
    ended: z.boolean().optional(),
  }),
)
export type UploadRecord = ReturnType<typeof uploadCodec.decode>
