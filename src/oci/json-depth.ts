/** Nesting at which manifests are refused: real ones stay below ten. */
export const DEPTH_LIMIT = 32
export const NESTS_TOO_DEEP = `manifest nests deeper than ${DEPTH_LIMIT} levels`

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d

/**
 * Whether JSON text nests deeper than DEPTH_LIMIT. Looks at bytes only, outside strings, and stops at the first
 * excess: JSON.parse of 4 MB of brackets blocks the process for seconds.
 */
export function nestsTooDeep(bytes: Uint8Array): boolean {
  let depth = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) at = endOfString(bytes, at)
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth += 1
      if (depth > DEPTH_LIMIT) return true
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth -= 1
  }
  return false
}

/** Position of the quote that ends the string begun at `start`, or the end of the text. */
function endOfString(bytes: Uint8Array, start: number): number {
  let end = bytes.indexOf(QUOTE, start + 1)
  while (end >= 0 && isEscaped(bytes, start, end)) end = bytes.indexOf(QUOTE, end + 1)
  return end < 0 ? bytes.length : end
}

function isEscaped(bytes: Uint8Array, start: number, quote: number): boolean {
  let slashes = 0
  for (let at = quote - 1; at > start && bytes[at] === BACKSLASH; at--) slashes += 1
  return slashes % 2 === 1
}
