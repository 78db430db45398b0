import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField } from './fields.ts'

/** A point on P-256, as RFC 7518 §6.2.1 writes it. */
export const publicJwk = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
})

/** A key that signs, or signed, tokens. Its stored id is a sequence number, so that two replicas cannot both add the next. */
export const signingKeyCodec = recordCodec(
  'signing-key',
  1,
  z.object({
    /** RFC 7638 thumbprint of the public key. */
    kid: z.string(),
    created: dateField,
    /** When it stopped signing; it still verifies for a while. */
    retired: dateField.optional(),
    public: publicJwk,
    /** The private scalar `d`: as it is, or sealed with AES-256-GCM under LAMINA_SECRET. All base64url. */
    private: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('plain'), d: z.string() }),
      z.object({ kind: z.literal('sealed'), iv: z.string(), tag: z.string(), data: z.string() }),
    ]),
  }),
)
export type SigningKeyRecord = ReturnType<typeof signingKeyCodec.decode>
