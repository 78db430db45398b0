import { DEPTH_LIMIT } from './json-depth.ts'

/** Hears of the parts of a JSON text as they are passed. `depth` counts the objects and arrays around a part. */
export interface JsonVisitor {
  /** A member's name, from its first quote to behind its last. */
  key(depth: number, start: number, end: number): void
  /** A value that ends before `end`. */
  value(depth: number, end: number, kind: ValueKind): void
}

type ValueKind = 'object' | 'array' | 'string' | 'other'
type Expected = 'value' | 'value or end' | 'key' | 'key or end' | 'comma or end' | 'nothing'
type Verdict = 'valid' | 'invalid' | 'too deep'

/** Bytes between two pauses: they take less than a millisecond. */
const STEP = 64 * 1024

const code = (character: string): number => character.charCodeAt(0)
const codes = (characters: string): Uint8Array => new TextEncoder().encode(characters)
const QUOTE = code('"')
const BACKSLASH = code('\\')
const COMMA = code(',')
const COLON = code(':')
const OPEN_OBJECT = code('{')
const CLOSE_OBJECT = code('}')
const OPEN_ARRAY = code('[')
const CLOSE_ARRAY = code(']')
const FIRST_PRINTABLE = 0x20
const LETTER_U = code('u')
const SPACE: ReadonlySet<number | undefined> = new Set(codes(' \t\n\r'))
const ESCAPES: ReadonlySet<number | undefined> = new Set(codes('"\\/bfnrt'))
/** What ends a number or a literal. */
const DELIMITERS: ReadonlySet<number | undefined> = new Set([undefined, ...codes(' \t\n\r,:[]{}"')])
const WORD = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/
/** Characters of a number; JSON.parse takes longer ones, nobody writes them. */
const LONGEST_WORD = 400

/**
 * Reads UTF-8 that should be JSON as RFC 8259 has it, from end to end, and makes nothing of it: megabytes of members
 * take no memory and, with a pause after every 64 KiB, hold up nobody. Refuses what nestsTooDeep does.
 */
export function* scanJson(bytes: Uint8Array, visitor: JsonVisitor): Generator<undefined, Verdict> {
  const scan = new Scan(bytes, visitor)
  let pause = STEP
  for (;;) {
    const verdict = scan.step()
    if (verdict !== undefined) return verdict
    if (scan.position < pause) continue
    pause = scan.position + STEP
    yield
  }
}

class Scan {
  readonly #bytes: Uint8Array
  readonly #visitor: JsonVisitor
  /** What closes each open object and array. */
  readonly #open: number[] = []
  #expected: Expected = 'value'
  #at = 0

  constructor(bytes: Uint8Array, visitor: JsonVisitor) {
    this.#bytes = bytes
    this.#visitor = visitor
  }

  get position(): number {
    return this.#at
  }

  /** Passes one token, a name with its colon. Undefined: the text goes on. */
  step(): Verdict | undefined {
    this.#skipSpace()
    const byte = this.#bytes[this.#at]
    const expected = this.#expected
    if (byte === undefined || expected === 'nothing')
      return byte === undefined && expected === 'nothing' ? 'valid' : 'invalid'
    if (byte === this.#open.at(-1) && expected !== 'value' && expected !== 'key') return this.#close(byte)
    if (expected === 'comma or end') return this.#comma(byte)
    if (expected === 'key' || expected === 'key or end') return this.#key()
    return byte === OPEN_OBJECT || byte === OPEN_ARRAY ? this.#enter(byte) : this.#scalar(byte)
  }

  #close(byte: number): undefined {
    this.#at += 1
    this.#open.pop()
    this.#ended(byte === CLOSE_OBJECT ? 'object' : 'array')
  }

  #comma(byte: number): Verdict | undefined {
    if (byte !== COMMA) return 'invalid'
    this.#at += 1
    this.#expected = this.#open.at(-1) === CLOSE_OBJECT ? 'key' : 'value'
    return undefined
  }

  #key(): Verdict | undefined {
    const start = this.#at
    const end = endOfString(this.#bytes, start)
    if (end === undefined) return 'invalid'
    this.#visitor.key(this.#open.length, start, end)
    this.#at = end
    this.#skipSpace()
    if (this.#bytes[this.#at] !== COLON) return 'invalid'
    this.#at += 1
    this.#expected = 'value'
    return undefined
  }

  #enter(byte: number): Verdict | undefined {
    if (this.#open.length === DEPTH_LIMIT) return 'too deep'
    this.#open.push(byte === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_ARRAY)
    this.#expected = byte === OPEN_OBJECT ? 'key or end' : 'value or end'
    this.#at += 1
    return undefined
  }

  #scalar(byte: number): Verdict | undefined {
    const isString = byte === QUOTE
    const end = isString ? endOfString(this.#bytes, this.#at) : endOfWord(this.#bytes, this.#at)
    if (end === undefined) return 'invalid'
    this.#at = end
    this.#ended(isString ? 'string' : 'other')
    return undefined
  }

  #ended(kind: ValueKind): void {
    this.#expected = this.#open.length === 0 ? 'nothing' : 'comma or end'
    this.#visitor.value(this.#open.length, this.#at, kind)
  }

  #skipSpace(): void {
    while (SPACE.has(this.#bytes[this.#at])) this.#at += 1
  }
}

/** Behind the string that begins at `start`; undefined when there is none, or it is not one. */
function endOfString(bytes: Uint8Array, start: number): number | undefined {
  if (bytes[start] !== QUOTE) return undefined
  for (let at = start + 1; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) return at + 1
    if (byte < FIRST_PRINTABLE) return undefined
    if (byte !== BACKSLASH) continue
    at += 1
    if (bytes[at] === LETTER_U && areHex(bytes, at + 1)) at += 4
    else if (!ESCAPES.has(bytes[at])) return undefined
  }
  return undefined
}

function areHex(bytes: Uint8Array, start: number): boolean {
  return /^[\da-fA-F]{4}$/.test(textOf(bytes, start, start + 4))
}

/** Behind the number or literal that begins at `start`. */
function endOfWord(bytes: Uint8Array, start: number): number | undefined {
  let end = start
  while (!DELIMITERS.has(bytes[end]) && end - start < LONGEST_WORD) end += 1
  return WORD.test(textOf(bytes, start, end)) ? end : undefined
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end))
}
