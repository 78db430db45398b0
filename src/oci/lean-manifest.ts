import { MANIFEST_MEMBERS, readAs } from './ambiguous-names.ts'
import { NESTS_TOO_DEEP } from './json-depth.ts'
import { type JsonVisitor, scanJson } from './json-scan.ts'

const READ_NAMES: ReadonlySet<string> = new Set(MANIFEST_MEMBERS)
const LONGEST_NAME = Math.max(...MANIFEST_MEMBERS.map((name) => name.length))
const NO_ANNOTATIONS = new TextEncoder().encode('"annotations":{}')
const [OPEN = 0, COMMA = 0, CLOSE = 0, SPACE = 0, BACKSLASH = 0] = new TextEncoder().encode('{,} \\')

/**
 * The same manifest without what a registry only has to know to be right: members that it does not read, and
 * annotations that no referrers list will show, since there is no subject. Parsing the rest gives what parsing the
 * whole would, annotations aside, and takes little memory; what is no JSON stays whole. Pauses now and then. Returns a
 * sentence for the client when the manifest nests too deep. `bytes` are UTF-8.
 */
export function* leanManifest(bytes: Uint8Array): Generator<undefined, Uint8Array | string> {
  const members = new Members(bytes)
  const verdict = yield* scanJson(bytes, members)
  if (verdict === 'too deep') return NESTS_TOO_DEEP
  return verdict === 'valid' ? members.rest() : bytes
}

class Members implements JsonVisitor {
  readonly #bytes: Uint8Array
  /** Members that stay. */
  readonly #kept: Uint8Array[] = []
  #name = ''
  #start = 0
  /** All annotations of the member under way are strings, as they should be. */
  #areTexts = true
  /** Something about the text asks for all of it. */
  #needsAll = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  key(depth: number, start: number, end: number): void {
    if (depth !== 1) return
    const name = this.#bytes.subarray(start + 1, end - 1)
    this.#start = start
    this.#name = name.length <= LONGEST_NAME ? String.fromCharCode(...name) : ''
    this.#areTexts = true
    // A subject's referrers list shows the annotations.
    if (this.#name === 'subject') this.#needsAll = true
    // Another spelling of a name would have to be understood; one in other letters is not to be overlooked.
    const meant = READ_NAMES.has(this.#name) ? this.#name : readAs(this.#bytes.subarray(start, end))
    if (name.includes(BACKSLASH) || (meant !== undefined && meant !== this.#name)) this.#needsAll = true
  }

  value(depth: number, end: number, kind: 'object' | 'array' | 'string' | 'other'): void {
    if (depth === 0 && kind !== 'object') this.#needsAll = true
    else if (depth === 2 && kind !== 'string') this.#areTexts = false
    else if (depth === 1 && READ_NAMES.has(this.#name)) this.#keep(end, kind)
  }

  rest(): Uint8Array {
    if (this.#needsAll) return this.#bytes
    const size = this.#kept.reduce((sum, member) => sum + member.length + 1, 2)
    const text = new Uint8Array(size).fill(SPACE)
    text[0] = OPEN
    let at = 1
    for (const [index, member] of this.#kept.entries()) {
      if (index > 0) text[at - 1] = COMMA
      text.set(member, at)
      at += member.length + 1
    }
    text[size - 1] = CLOSE
    return text
  }

  #keep(end: number, kind: string): void {
    const isLean = this.#name === 'annotations' && kind === 'object' && this.#areTexts
    this.#kept.push(isLean ? NO_ANNOTATIONS : this.#bytes.subarray(this.#start, end))
  }
}
