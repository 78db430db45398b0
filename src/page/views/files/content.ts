import { visibleText } from '../../format.ts'

/** Bytes of a line of the hexadecimal view. */
const ROW = 16

/** The text of a part of a file, or undefined when its bytes are none: no UTF-8, or with characters that no text has. */
export function textOfBytes(bytes: Uint8Array, isWhole: boolean): string | undefined {
  // A part may begin and end in the middle of a character.
  const from = isWhole ? 0 : continuations(bytes)
  const part = bytes.subarray(from)
  if (part.some((byte) => byte < 9 || (byte > 13 && byte < 27))) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(part, { stream: !isWhole })
  } catch {
    return undefined
  }
}

function continuations(bytes: Uint8Array): number {
  const first = bytes.subarray(0, 3).findIndex((byte) => (byte & 0xc0) !== 0x80)
  return Math.max(0, first)
}

/** Pieces of JSON: texts, signs, and what stands between signs. */
const PIECES = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/** Beyond that lines would be made of their indentation. */
const DEEPEST = 100

/** JSON in lines, each value as it is written; undefined for what is none, or stands in lines already. */
export function formattedJson(text: string): string | undefined {
  if (!/^\s*[{[]/.test(text) || !isJson(text)) return undefined
  let depth = 0
  let before = ''
  let lines = ''
  for (const [piece] of text.matchAll(PIECES)) {
    const closes = piece === '}' || piece === ']'
    const isInEmpty = before === '{' || before === '['
    if (closes) depth -= 1
    if (closes ? !isInEmpty : isInEmpty || before === ',') lines += `\n${'  '.repeat(depth)}`
    lines += piece === ':' ? ': ' : piece
    if (piece === '{' || piece === '[') depth += 1
    if (depth > DEEPEST) return undefined
    before = piece
  }
  return lines === text.trim() ? undefined : lines
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Line by line, with everything that would deceive the eye written out; tabs stay. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => line.split('\t').map(visibleText).join('\t'))
}

/** As `hexdump -C` has it: place, sixteen bytes, and the characters among them. */
export function hexLines(bytes: Uint8Array, offset: number): string[] {
  return Array.from({ length: Math.ceil(bytes.length / ROW) }, (_, index) => {
    const row = [...bytes.subarray(index * ROW, (index + 1) * ROW)]
    const place = (offset + index * ROW).toString(16).padStart(8, '0')
    const hex = row.map((byte, at) => `${at === ROW / 2 ? ' ' : ''}${byte.toString(16).padStart(2, '0')}`)
    return `${place}  ${hex.join(' ').padEnd(ROW * 3)}  ${row.map(shown).join('')}`
  })
}

function shown(byte: number): string {
  return byte > 31 && byte < 127 ? String.fromCharCode(byte) : '·'
}

/** As `ls -l` shows what may be done with a file: `rwxr-xr-x`, with the bits that give its rights away. */
export function modeText(mode: number): string {
  return [
    [0o400, 0o200, 0o100, 0o4000, 's'] as const,
    [0o40, 0o20, 0o10, 0o2000, 's'] as const,
    [0o4, 0o2, 0o1, 0o1000, 't'] as const,
  ]
    .map(([read, write, run, special, letter]) => {
      const may = (mode & run) !== 0
      const last = (mode & special) === 0 ? (may ? 'x' : '-') : may ? letter : letter.toUpperCase()
      return `${(mode & read) === 0 ? '-' : 'r'}${(mode & write) === 0 ? '-' : 'w'}${last}`
    })
    .join('')
}
