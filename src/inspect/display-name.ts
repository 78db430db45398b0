/** Code points that change how the text around them looks, or show nothing: controls, and marks of direction. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** A name of raw bytes for people, and the bytes themselves when the text does not say them. */
export interface DisplayName {
  /** What cannot be shown is written as `\xNN` or `\u{…}`, and a backslash twice. */
  readonly text: string
  /** The bytes in base64; absent when `text` is they. */
  readonly raw?: string
}

/** Shows raw bytes (latin1): escaped visibly, and still addressable by what they are. Never normalised. */
export function displayName(bytes: string): DisplayName {
  if (/^[\x20-\x5b\x5d-\x7e]*$/.test(bytes)) return { text: bytes }
  const buffer = Buffer.from(bytes, 'latin1')
  const shown = decode(buffer)
  return shown === undefined
    ? { text: escapeBytes(bytes), raw: buffer.toString('base64') }
    : { text: shown.escaped, ...(shown.escaped !== shown.plain && { raw: buffer.toString('base64') }) }
}

function decode(buffer: Buffer): { readonly plain: string; readonly escaped: string } | undefined {
  try {
    const plain = utf8.decode(buffer)
    const escaped = plain
      .replaceAll('\\', '\\\\')
      .replace(HIDDEN, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`)
    return { plain, escaped }
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

function escapeBytes(bytes: string): string {
  return bytes.replace(/[^\x20-\x7e]|\\/g, (one) =>
    one === '\\' ? '\\\\' : `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}

/** Reads a path as clients send it back: UTF-8 text, or base64 of its raw bytes. Gives raw bytes (latin1). */
export function rawPath(text: string | undefined, base64: string | undefined): string {
  const bytes = base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64')
  return bytes.toString('latin1').replace(/^\/+|\/+$/g, '')
}
