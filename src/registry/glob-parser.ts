/** Whether a character fits. */
export type Takes = (char: string) => boolean

/** A piece of a glob. */
export type Part =
  /** One character. */
  | { readonly kind: 'one'; readonly takes: Takes }
  /** Any number of them. */
  | { readonly kind: 'many'; readonly takes: Takes }
  /** Any number of whole segments, each with the slash behind it. */
  | { readonly kind: 'segments' }
  | { readonly kind: 'choice'; readonly of: readonly (readonly Part[])[] }

const ANY: Takes = () => true
const NO_SLASH: Takes = (char) => char !== '/'

/** Parses a glob, in a time that grows with its length; what is not closed stands for itself. */
export function parseGlob(pattern: string): readonly Part[] {
  return new GlobParser(pattern).sequence(pattern.length, true)
}

class GlobParser {
  readonly #text: string
  /** Where the alternatives of a choice end, by where it begins. */
  readonly #choices: ReadonlyMap<number, readonly number[]>
  #at = 0

  constructor(text: string) {
    this.#text = text
    this.#choices = choicesIn(text)
  }

  /** All up to `end`, where the text or an alternative of a choice ends. */
  sequence(end: number, startsSegment: boolean): Part[] {
    const parts: Part[] = []
    let isStart = startsSegment
    while (this.#at < end) {
      const isSlash = this.#text[this.#at] === '/'
      const part = this.#part(end, isStart)
      isStart = isSlash || part.kind === 'segments'
      parts.push(part)
    }
    return parts
  }

  #part(end: number, isStart: boolean): Part {
    const char = this.#text[this.#at]
    const ends = this.#choices.get(this.#at)
    if (ends !== undefined) return this.#choice(ends, isStart)
    if (char === '*') return this.#stars(end, isStart)
    if (char === '[') return this.#class() ?? this.#literal()
    if (char === '?') return this.#any()
    if (char === '\\' && this.#at + 1 < end) this.#at += 1
    return this.#literal()
  }

  #literal(): Part {
    const wanted = this.#text[this.#at]
    this.#at += 1
    return { kind: 'one', takes: (char) => char === wanted }
  }

  #any(): Part {
    this.#at += 1
    return { kind: 'one', takes: NO_SLASH }
  }

  /** `**` as a whole segment goes across slashes; any other run of stars is one star. */
  #stars(end: number, isStart: boolean): Part {
    const from = this.#at
    while (this.#at < end && this.#text[this.#at] === '*') this.#at += 1
    if (this.#at - from !== 2 || !isStart) return { kind: 'many', takes: NO_SLASH }
    if (this.#at === end) return { kind: 'many', takes: ANY }
    if (this.#text[this.#at] !== '/') return { kind: 'many', takes: NO_SLASH }
    this.#at += 1
    return { kind: 'segments' }
  }

  #class(): Part | undefined {
    const end = classEnd(this.#text, this.#at)
    if (end === undefined) return undefined
    const isNegated = isNegation(this.#text[this.#at + 1])
    const isIn = classOf(this.#text.slice(this.#at + (isNegated ? 2 : 1), end))
    this.#at = end + 1
    return { kind: 'one', takes: (char) => char !== '/' && isIn(char) !== isNegated }
  }

  #choice(ends: readonly number[], isStart: boolean): Part {
    const of = ends.map((end) => {
      this.#at += 1
      return this.sequence(end, isStart)
    })
    this.#at += 1
    return { kind: 'choice', of }
  }
}

/** Braces that are closed and have a comma, within each other or not. */
function choicesIn(text: string): Map<number, readonly number[]> {
  const choices = new Map<number, readonly number[]>()
  const open: { readonly at: number; readonly ends: number[] }[] = []
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '\\') at += 1
    else if (char === '[') at = classEnd(text, at) ?? at
    else if (char === '{') open.push({ at, ends: [] })
    else if (char === ',') open.at(-1)?.ends.push(at)
    else if (char === '}') {
      const closed = open.pop()
      if (closed !== undefined && closed.ends.length > 0) choices.set(closed.at, [...closed.ends, at])
    }
  }
  return choices
}

/** Where the class that begins at `start` has its bracket; one that comes first is one of its characters. */
function classEnd(text: string, start: number): number | undefined {
  const first = start + (isNegation(text[start + 1]) ? 2 : 1)
  const end = text.indexOf(']', first + 1)
  return end < 0 ? undefined : end
}

function isNegation(char: string | undefined): boolean {
  return char === '!' || char === '^'
}

/** Characters, and ranges of them as `a-z`. */
function classOf(text: string): Takes {
  const ranges: (readonly [from: string, to: string])[] = []
  for (let at = 0; at < text.length; at++) {
    const from = text.charAt(at)
    const isRange = text[at + 1] === '-' && at + 2 < text.length
    ranges.push([from, isRange ? text.charAt(at + 2) : from])
    if (isRange) at += 2
  }
  return (char) => ranges.some(([from, to]) => from <= char && char <= to)
}
