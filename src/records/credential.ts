import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField } from './fields.ts'

/** `personal`: a user's access token; `account`: a service account's key; `refresh`: what docker login keeps. */
const credentialKind = z.enum(['personal', 'account', 'refresh'])
export type CredentialKind = z.infer<typeof credentialKind>

/** Value of `credential`, whose key is the SHA-256 of the secret. The secret itself is nowhere. */
export const credentialCodec = recordCodec(
  'credential',
  1,
  z.object({
    id: z.string(),
    kind: credentialKind,
    /** `user:alice` or `account:demo/ci`. */
    owner: z.string(),
    name: z.string(),
    created: dateField,
    expires: dateField.optional(),
    /** Last use, to the hour. */
    used: dateField.optional(),
    /** The credential (hash in hex) with which this one was made, and with which it ends. */
    parent: z.string().optional(),
  }),
)
export type CredentialRecord = ReturnType<typeof credentialCodec.decode>

/** Value of `credential-of`: where the credential itself is. */
export const credentialOfCodec = recordCodec(
  'credential-of',
  1,
  z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/), kind: credentialKind }),
)
