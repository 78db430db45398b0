/**
 * What a terminal obeys instead of showing it: control characters, and marks that turn the direction of what follows. Names
 * of tokens, build steps and files are other people's text.
 */
const OBEYED = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** Text of several lines as a terminal shows it, and still the same JSON if it was some. */
export function printable(text: string): string {
  return text.replaceAll(OBEYED, (sign) => (sign === '\n' || sign === '\t' ? sign : escaped(sign)))
}

/** As printable, for what has to stay in one line. */
export function inOneLine(text: string): string {
  return text.replaceAll(OBEYED, escaped)
}

function escaped(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`
}
