import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField } from './fields.ts'

const hexHash = z.string().regex(/^[0-9a-f]{64}$/)

/** A browser that is signed in to the page. Its cookie holds a secret, of which this keeps the SHA-256. */
export const sessionCodec = recordCodec(
  'session',
  1,
  z.object({
    hash: hexHash,
    created: dateField,
    expires: dateField,
    /** What the browser calls itself, shortened. */
    agent: z.string(),
    /** SHA-256 of the stored form of the password it began with: a new password ends it. */
    password: hexHash.optional(),
    /** The credential (hash in hex) with which it began, and with which it ends. */
    parent: hexHash.optional(),
  }),
)
export type SessionRecord = ReturnType<typeof sessionCodec.decode>
