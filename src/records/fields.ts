import { z } from 'zod'
import { type Digest, parseDigest } from '../oci/digest.ts'
import { parseName, type RepositoryName } from '../oci/name.ts'

/** Field types that several records share. Dates are milliseconds since 1970. */

export const dateField = z.number().int().nonnegative()
export const sizeField = z.number().int().nonnegative()
export const digestField = z.custom<Digest>(
  (value) => typeof value === 'string' && parseDigest(value) !== undefined,
)
export const nameField = z.custom<RepositoryName>(
  (value) => typeof value === 'string' && parseName(value) !== undefined,
)
export const roleField = z.enum(['viewer', 'writer', 'admin'])
/** What a member or service account may do in a project; each role includes the ones before it. */
export type Role = z.infer<typeof roleField>
