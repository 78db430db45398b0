import type { RangeQuery } from '../metadata-store.ts'

/**
 * The driver's own record stands under a first byte that no caller's key can have:
 *
 *   00 'counter'     the last version given out, and the number of the disk format
 *   01 ⟨key⟩         the caller's record
 */
const OWN = 0
const CALLER = 1
const CALLER_TEXT = String.fromCharCode(CALLER)

export const COUNTER_KEY = Uint8Array.of(OWN, ...Buffer.from('counter'))

/**
 * Where the caller's `key` is stored; a copy, so the caller may reuse its bytes. Nobody keeps one for long: it lies in
 * Node's pool, since an array of its own above 64 bytes costs more than what is done with it.
 */
export function storedKey(key: Uint8Array): Uint8Array {
  const stored = Buffer.allocUnsafe(key.length + 1)
  stored[0] = CALLER
  stored.set(key, 1)
  return stored
}

/** The caller's key of a stored one: the same bytes, since a small copy costs more than all that is done with it. */
export function callerKey(stored: Uint8Array): Uint8Array {
  return new Uint8Array(stored.buffer, stored.byteOffset + 1, stored.byteLength - 1)
}

/** Bytes as a string that compares, and starts with, as the bytes do: for maps. */
export function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

/** The text of the caller's key by that of the stored one, and the reverse. */
export function callerText(stored: string): string {
  return stored.slice(1)
}

export function storedText(caller: string): string {
  return CALLER_TEXT + caller
}

/** Stored keys from `gte` to before `lt`. */
export interface KeyBounds {
  readonly gte: Uint8Array
  readonly lt: Uint8Array
}

/** Behind every caller's record. */
const END = Uint8Array.of(CALLER + 1)
export const END_TEXT = keyText(END)

/** All from a stored key on. */
export function toTheEnd(key: Uint8Array): KeyBounds {
  return { gte: key, lt: END }
}

/** The first key behind all that begin with the stored `prefix`. */
export function behind(prefix: Uint8Array): Uint8Array {
  let length = prefix.length
  while (prefix[length - 1] === 0xff) length -= 1
  const end = new Uint8Array(prefix.subarray(0, length))
  // The first byte is CALLER and never 0xff, so something is left to count up.
  end[length - 1] = (end[length - 1] ?? 0) + 1
  return end
}

/** Where the records of a range lie; undefined when nothing can. */
export function boundsOf(query: Pick<RangeQuery, 'prefix' | 'from' | 'reverse'>): KeyBounds | undefined {
  let gte = storedKey(query.prefix)
  let lt = behind(gte)
  if (query.from !== undefined) {
    const from = storedKey(query.from)
    if (query.reverse === true) lt = Buffer.compare(from, lt) < 0 ? from : lt
    else gte = Buffer.compare(from, gte) > 0 ? from : gte
  }
  return Buffer.compare(gte, lt) < 0 ? { gte, lt } : undefined
}
