import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Exchange, Reply } from '../exchange.ts'
import type { Pinned } from './caching.ts'

/** Bytes in one answer, by default and at most. */
const LENGTH = 256 * 1024
const LENGTH_LIMIT = 4 * 1024 * 1024

/**
 * What a layer holds is anyone's: no browser may take it for a page, a script or a picture of ours, wherever it is
 * opened, so its type is text or nothing, and what is opened from it is in a sandbox.
 */
const HARMLESS = {
  'content-security-policy': "sandbox; default-src 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
} as const

/** The part that `offset` and `length` ask for, of so many bytes. Throws REQUEST_INVALID. */
export function partAsked(
  { query }: Exchange,
  size: number,
): { readonly offset: number; readonly length: number } {
  const number = (name: string, fallback: number): number => {
    const text = query.get(name)
    if (text === null) return fallback
    if (/^\d{1,15}$/.test(text)) return Number(text)
    throw new RegistryError('REQUEST_INVALID', {
      message: `${name} takes a number of bytes`,
      detail: { field: name },
    })
  }
  const offset = Math.min(number('offset', 0), size)
  return { offset, length: Math.min(number('length', LENGTH), LENGTH_LIMIT, size - offset) }
}

/** A part of something in a layer, and what is said of it. */
export interface ReadPart {
  readonly bytes: Buffer
  readonly offset: number
  /** Of the whole. */
  readonly size: number
  readonly layer: Digest
  readonly cache: Pinned | undefined
}

/** Shown as text when it is text; with `raw=1` to be saved. */
export function partReply({ query }: Exchange, { bytes, offset, size, layer, cache }: ReadPart): Reply {
  const raw = query.get('raw') === '1'
  return {
    status: 200,
    headers: {
      ...HARMLESS,
      ...cache,
      'content-type':
        raw || !isText(bytes, offset) ? 'application/octet-stream' : 'text/plain; charset=utf-8',
      ...(raw && { 'content-disposition': 'attachment' }),
      'x-file-size': String(size),
      'x-file-layer': layer,
    },
    body: bytes,
  }
}

/** UTF-8 without the control characters that no text has; a part may begin and end in the middle of a character. */
function isText(bytes: Buffer, offset: number): boolean {
  if (bytes.some((byte) => byte < 9 || (byte > 13 && byte < 27))) return false
  const begun = offset === 0 ? 0 : bytes.subarray(0, 3).findIndex((byte) => (byte & 0xc0) !== 0x80)
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(Math.max(begun, 0)), { stream: true })
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}
