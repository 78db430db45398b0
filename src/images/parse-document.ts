import type { z } from 'zod'
import { nestsTooDeep } from '../oci/json-depth.ts'
import { refused } from './refused.ts'

/** A JSON document of an archive. Throws REQUEST_INVALID that names it. */
export function parseDocument<Schema extends z.ZodType>(
  name: string,
  bytes: Buffer,
  schema: Schema,
): z.infer<Schema> {
  if (nestsTooDeep(bytes)) throw refused(`${name} nests too deep`)
  const parsed = schema.safeParse(parseJson(bytes))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw refused(`${name} is not what it should be: ${(issue?.path ?? []).join('.')} ${issue?.message ?? ''}`)
}

function parseJson(bytes: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return value
  } catch {
    // No schema takes it.
    return undefined
  }
}
