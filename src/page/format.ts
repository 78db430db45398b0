/** How numbers, dates and names are shown, the same everywhere. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** Bytes as docker prints them: powers of 1000, three digits. */
export function sizeText(bytes: number): string {
  const sign = bytes < 0 ? '−' : ''
  let value = Math.abs(bytes)
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  const text = value.toFixed(digits)
  return `${sign}${text.includes('.') ? text.replace(/\.?0+$/, '') : text} ${UNITS[unit] ?? ''}`
}

/** With its sign: `+1.2 MB`, `−3 kB`, `±0 B`. */
export function deltaText(bytes: number): string {
  if (bytes === 0) return '±0 B'
  return bytes > 0 ? `+${sizeText(bytes)}` : sizeText(bytes)
}

/** Thousands apart: `142,345,123`. */
export function countText(count: number): string {
  return count.toLocaleString('en-US')
}

/** `1 layer`, `7 layers`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`
}

/** A share between 0 and 1 as per cent; never 100 or 0 for what is not all or nothing. */
export function percentText(share: number): string {
  if (share <= 0) return '0 %'
  if (share >= 1) return '100 %'
  const percent = share * 100
  if (percent < 1) return '<1 %'
  return percent > 99 ? '>99 %' : `${Math.round(percent)} %`
}

const STEPS: readonly (readonly [unit: string, seconds: number])[] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

/** How long ago a date was, or how far it is ahead; dates and `now` in milliseconds since 1970. */
export function agoText(date: number, now: number): string {
  const seconds = Math.round((now - date) / 1000)
  const distance = Math.abs(seconds)
  const step = STEPS.find(([, length]) => distance >= length)
  if (step === undefined) return seconds < -5 ? 'in a moment' : 'just now'
  const amount = plural(Math.floor(distance / step[1]), step[0])
  return seconds < 0 ? `in ${amount}` : `${amount} ago`
}

/** Twelve characters of a digest: enough to tell, and what docker shows. */
export function shortDigest(digest: string): string {
  const [algorithm, hex] = digest.split(':')
  return hex === undefined
    ? digest.slice(0, 12)
    : `${algorithm === 'sha256' ? '' : `${algorithm}:`}${hex.slice(0, 12)}`
}

/**
 * Names from images are other people's text: control characters, and those that turn the direction of writing or are not
 * seen at all, are shown as what they are.
 */
export function visibleText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(
      /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u{2800}\u{3164}\u{FFA0}]/gu,
      (character) => NAMED[character] ?? escaped(character),
    )
}

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '\\0' }

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}}`
}
