import type { z } from 'zod'

/** Turns a record into the bytes of its value and back. */
export interface Codec<Value> {
  readonly encode: (value: Value) => Uint8Array
  /** Throws TypeError when the bytes are not such a record. */
  readonly decode: (bytes: Uint8Array) => Value
}

/**
 * A record as one byte of format number and JSON. Readers ignore unknown fields, so replicas of neighbouring
 * versions can share a store; a change that old readers would misread takes the next format number.
 */
export function recordCodec<Schema extends z.ZodType>(
  name: string,
  format: number,
  schema: Schema,
): Codec<z.infer<Schema>> {
  // One byte of UTF-8.
  const head = String.fromCharCode(format)
  return {
    encode: (value) => Buffer.from(head + JSON.stringify(value)),
    decode: remembering((bytes) => {
      if (bytes[0] !== format)
        throw new TypeError(`${name} record has format ${bytes[0]}; this version reads ${format}`)
      const parsed = schema.safeParse(parseJson(bytes))
      if (!parsed.success) throw new TypeError(`damaged ${name} record`, { cause: parsed.error })
      return parsed.data
    }),
  }
}

/**
 * Decodes the same array once: the records of a busy repository are read with every request, and a store that remembers
 * them hands out the same array. Nobody changes a record, nor its bytes.
 */
function remembering<Value>(decode: (bytes: Uint8Array) => Value): (bytes: Uint8Array) => Value {
  const known = new WeakMap<Uint8Array, { readonly value: Value }>()
  return (bytes) => {
    const before = known.get(bytes)
    if (before !== undefined) return before.value
    const value = decode(bytes)
    known.set(bytes, { value: Object.freeze(value) })
    return value
  }
}

/** What stands behind the byte of the format. Undefined, which no schema takes, for what is not JSON. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8', 1))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
