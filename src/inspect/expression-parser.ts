/** What a regular expression describes: bytes one after the other, and choices between them. */
export type Node =
  /** One byte of a set. */
  | { readonly kind: 'byte'; readonly takes: Bytes }
  | { readonly kind: 'row'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly of: readonly Node[] }
  /** `most` undefined: any number. */
  | {
      readonly kind: 'repeat'
      readonly part: Node
      readonly least: number
      readonly most: number | undefined
    }
  | { readonly kind: 'begin' }
  | { readonly kind: 'end' }

/** Which of the 256 bytes belong to it. */
export type Bytes = readonly boolean[]

/** Says what of an expression is not understood. */
export class NoExpression extends Error {}

/** Repetitions that may be counted, and groups within groups. */
const MOST = 100
const DEEP = 50

/** Bytes of a range; both ends belong to it. */
function range(from: number, to: number): Bytes {
  return Array.from({ length: 256 }, (_, byte) => byte >= from && byte <= to)
}

function anyOf(...sets: readonly Bytes[]): Bytes {
  return Array.from({ length: 256 }, (_, byte) => sets.some((set) => set[byte] === true))
}

function not(set: Bytes): Bytes {
  return set.map((is) => !is)
}

const code = (character: string): number => character.charCodeAt(0)
const one = (character: string): Bytes => range(code(character), code(character))

const DIGIT = range(code('0'), code('9'))
const WORD = anyOf(DIGIT, range(code('a'), code('z')), range(code('A'), code('Z')), one('_'))
const SPACE = anyOf(range(9, 13), one(' '))
const CLASSES: Readonly<Record<string, Bytes>> = {
  d: DIGIT,
  D: not(DIGIT),
  w: WORD,
  W: not(WORD),
  s: SPACE,
  S: not(SPACE),
}
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' }
const ASCII = 0x7f

/** Either case of what is a letter of ASCII. */
function inEitherCase(set: Bytes): Bytes {
  return set.map((is, byte) => {
    const other = String.fromCharCode(byte).replaceAll(/[a-z]/gi, (letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    )
    return is || set[code(other)] === true
  })
}

/**
 * Reads a regular expression as `grep -E` and JavaScript write them, without what no finite automaton can follow: nothing
 * that looks around or back. `(?i)` at its beginning takes both cases. Throws NoExpression.
 */
export function parseExpression(text: string): Node {
  const bothCases = text.startsWith('(?i)')
  return new Reader(bothCases ? text.slice('(?i)'.length) : text, bothCases).all()
}

class Reader {
  readonly #rest: string[]
  readonly #bothCases: boolean
  #depth = 0

  constructor(text: string, bothCases: boolean) {
    // From the end, so that the next one is popped.
    this.#rest = Array.from(text).toReversed()
    this.#bothCases = bothCases
  }

  all(): Node {
    const node = this.#choice()
    if (this.#rest.length > 0) throw new NoExpression('a ) has no ( before it')
    return node
  }

  #peek(): string | undefined {
    return this.#rest.at(-1)
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false
    this.#rest.pop()
    return true
  }

  #choice(): Node {
    const of = [this.#row()]
    while (this.#take('|')) of.push(this.#row())
    return { kind: 'choice', of }
  }

  #row(): Node {
    const parts: Node[] = []
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek())
      parts.push(this.#repeated(this.#single()))
    return { kind: 'row', parts }
  }

  #single(): Node {
    const character = this.#rest.pop() ?? ''
    switch (character) {
      case '(':
        return this.#group()
      case '[':
        return { kind: 'byte', takes: this.#set() }
      case '.':
        return { kind: 'byte', takes: range(0, 255) }
      case '^':
        return { kind: 'begin' }
      case '$':
        return { kind: 'end' }
      case '\\':
        return this.#escaped()
      case '*':
      case '+':
      case '?':
        throw new NoExpression(
          `nothing is before a ${character}; write \\${character} for the character itself`,
        )
      default:
        return this.#literal(character)
    }
  }

  #group(): Node {
    this.#depth += 1
    if (this.#depth > DEEP) throw new NoExpression(`groups lie in each other more than ${DEEP} deep`)
    if (this.#take('?') && !this.#take(':'))
      throw new NoExpression('after ( a ? takes a :, as in (?:…); nothing looks around here')
    const node = this.#choice()
    if (!this.#take(')')) throw new NoExpression('a ( has no ) behind it')
    this.#depth -= 1
    return node
  }

  #escaped(): Node {
    const character = this.#rest.pop()
    if (character === undefined) throw new NoExpression('a \\ is at its end')
    const known = CLASSES[character]
    return known === undefined ? this.#literal(plain(character)) : { kind: 'byte', takes: known }
  }

  /** What is not ASCII stands for the bytes that it has in UTF-8. */
  #literal(character: string): Node {
    const parts = Array.from(Buffer.from(character), (byte) => ({
      kind: 'byte' as const,
      takes: this.#inCases(range(byte, byte)),
    }))
    return { kind: 'row', parts }
  }

  #inCases(takes: Bytes): Bytes {
    return this.#bothCases ? inEitherCase(takes) : takes
  }

  #set(): Bytes {
    const negated = this.#take('^')
    const found: Bytes[] = []
    // As the first one a ] stands for itself.
    do found.push(this.#member())
    while (!this.#take(']'))
    const takes = this.#inCases(anyOf(...found))
    return negated ? not(takes) : takes
  }

  #member(): Bytes {
    const first = this.#rest.pop()
    if (first === '\\') {
      const known = CLASSES[this.#peek() ?? '']
      if (known !== undefined) {
        this.#rest.pop()
        return known
      }
    }
    const from = this.#character(first)
    const isRange = this.#peek() === '-' && this.#rest.at(-2) !== ']'
    if (!isRange) return range(from, from)
    this.#rest.pop()
    const to = this.#character(this.#rest.pop())
    if (to < from) throw new NoExpression('a range in [ ] goes backwards')
    return range(from, to)
  }

  #character(character: string | undefined): number {
    const own = character === '\\' ? plain(this.#rest.pop() ?? '') : character
    if (own === undefined || own === '') throw new NoExpression('a [ has no ] behind it')
    if (own.length > 1 || code(own) > ASCII)
      throw new NoExpression(`[ ] takes characters of ASCII; write ( | ) for '${own}'`)
    return code(own)
  }

  /** Whether more or fewer are taken first makes no difference to whether there is any: `*?` is `*`. */
  #repeated(part: Node): Node {
    const times = this.#times()
    if (times === undefined) return part
    this.#take('?')
    return this.#repeated({ kind: 'repeat', part, ...times })
  }

  #times(): { readonly least: number; readonly most: number | undefined } | undefined {
    if (this.#take('*')) return { least: 0, most: undefined }
    if (this.#take('+')) return { least: 1, most: undefined }
    if (this.#take('?')) return { least: 0, most: 1 }
    const text = this.#rest.slice(-8).toReversed().join('')
    const [whole, least = '', comma, most] = /^\{(\d{1,3})(?:(,)(\d{1,3})?)?\}/.exec(text) ?? []
    if (whole === undefined) return undefined
    this.#rest.length -= whole.length
    const counted = comma === undefined ? Number(least) : most === undefined ? undefined : Number(most)
    if (Number(least) > MOST || (counted ?? 0) > MOST)
      throw new NoExpression(`{ } counts no further than ${MOST}`)
    if (counted !== undefined && counted < Number(least)) throw new NoExpression(`${whole} goes backwards`)
    return { least: Number(least), most: counted }
  }
}

/** A character behind a `\`: letters and digits that mean something elsewhere mean nothing here. */
function plain(character: string): string {
  const control = CONTROLS[character]
  if (control !== undefined) return control
  if (/^[a-z0-9]$/i.test(character)) throw new NoExpression(`\\${character} means nothing here`)
  return character
}
