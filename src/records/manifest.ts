import { z } from 'zod'
import { type Codec, recordCodec } from './codec.ts'
import { dateField, digestField, sizeField } from './fields.ts'

export const manifestSchema = z.object({
  mediaType: z.string(),
  size: sizeField,
  artifactType: z.string().optional(),
  subject: digestField.optional(),
  config: digestField.optional(),
  /** Digests of config, layers or child manifests: what the edges lead to. */
  children: z.array(digestField),
  created: dateField,
  /** The account that pushed it first. */
  by: z.string(),
  confirmed: dateField,
})
export const manifestCodec = recordCodec('manifest', 1, manifestSchema)
export type ManifestRecord = ReturnType<typeof manifestCodec.decode>

/** A manifest's bytes; above BODY_LIMIT, the blob of the same digest in the same repository holds them. */
export type ManifestBody = { readonly kind: 'inline'; readonly bytes: Uint8Array } | { readonly kind: 'blob' }

/** Bytes of a manifest up to which the metadata store keeps the body itself. */
export const BODY_LIMIT = 64 * 1024

const INLINE = 1
const AS_BLOB = 2

export const bodyCodec: Codec<ManifestBody> = {
  encode: (body) =>
    body.kind === 'inline' ? Buffer.concat([Uint8Array.of(INLINE), body.bytes]) : Uint8Array.of(AS_BLOB),
  decode: (bytes) => {
    if (bytes[0] === INLINE) return { kind: 'inline', bytes: bytes.subarray(1) }
    if (bytes[0] === AS_BLOB) return { kind: 'blob' }
    throw new TypeError(`body record has format ${bytes[0]}; this version reads 1 and 2`)
  },
}

/** Value of `edge`, whose key says it all. */
export const edgeCodec = recordCodec('edge', 1, z.object({}))

/** A descriptor as the referrers list shows it (distribution-spec "Listing Referrers"). */
export const referrerCodec = recordCodec(
  'referrer',
  1,
  z.object({
    mediaType: z.string(),
    size: sizeField,
    digest: digestField,
    artifactType: z.string().optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
)
export type ReferrerRecord = ReturnType<typeof referrerCodec.decode>
