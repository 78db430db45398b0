import { type Bytes, type Node, NoExpression, parseExpression } from './expression-parser.ts'

type State =
  | { readonly kind: 'byte'; readonly takes: Bytes; readonly next: number }
  | { readonly kind: 'fork'; readonly next: readonly number[] }
  | { readonly kind: 'begin' | 'end'; readonly next: number }
  | { readonly kind: 'found' }

/** What an expression may be made of: each byte of a path costs no more steps than that. */
const STATES = 300
/** Sets of states that are remembered, with where each byte leads from them. */
const KNOWN = 500
/**
 * States that are looked at, in all, on ways that are not remembered: about a second at most. Few paths have a way of their own
 * through what people look for; `a.{90}b` may have one for each byte of each.
 */
const LOOKS = 1_000_000

/** Where several ways through an expression are at once. */
interface Place {
  readonly states: readonly number[]
  readonly found: boolean
  readonly next: (Place | undefined)[]
  /** Whether it is found when nothing follows; undefined until someone asks. */
  foundAtEnd: boolean | undefined
}

/**
 * Whether a regular expression fits some part of a text of bytes (latin1). All ways to read it are followed side by side and
 * remembered, so that the time grows with the length of the text alone; no expression can make it longer.
 */
export class LinearExpression {
  readonly #states: State[] = [{ kind: 'found' }]
  readonly #start: number
  #known = new Map<string, Place>()
  #first: Place
  #looks = LOOKS

  /** Throws NoExpression. */
  constructor(text: string) {
    this.#start = this.#build(parseExpression(text), 0)
    this.#first = this.#place([this.#start], { atBegin: true })
  }

  /** Throws NoExpression when it has too many ways through the texts that it was asked about. */
  fits(text: string): boolean {
    let place = this.#first
    for (let at = 0; at < text.length && !place.found; at += 1) {
      const byte = text.charCodeAt(at)
      place = place.next[byte] ??= this.#step(place, byte)
    }
    if (text === '') return place.found || this.#foundAtEnd(place, { atBegin: true })
    place.foundAtEnd ??= place.found || this.#foundAtEnd(place, { atBegin: false })
    return place.foundAtEnd
  }

  #foundAtEnd({ states }: Place, where: { readonly atBegin: boolean }): boolean {
    return this.#reach(states, { ...where, atEnd: true }).includes(0)
  }

  #step({ states }: Place, byte: number): Place {
    const next = states.flatMap((index) => {
      const state = this.#states[index]
      return state?.kind === 'byte' && state.takes[byte] === true ? [state.next] : []
    })
    // It may begin anywhere.
    return this.#place([...next, this.#start], { atBegin: false })
  }

  #place(begun: readonly number[], where: { readonly atBegin: boolean }): Place {
    const states = this.#reach(begun, { ...where, atEnd: false })
    const key = states.join()
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.#known.size === KNOWN) {
      this.#known = new Map()
      this.#first = { ...this.#first, next: [] }
    }
    const place = { states, found: states.includes(0), next: [], foundAtEnd: undefined }
    this.#known.set(key, place)
    return place
  }

  /** The states that wait for a byte, for the end, or for nothing more, that are reached without taking one. */
  #reach(
    begun: readonly number[],
    where: { readonly atBegin: boolean; readonly atEnd: boolean },
  ): readonly number[] {
    const reached = new Set<number>()
    const open = [...begun]
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      this.#looks -= 1
      const state = this.#states[index]
      if (state === undefined || reached.has(index)) continue
      reached.add(index)
      if (state.kind === 'fork') open.push(...state.next)
      if ((state.kind === 'begin' && where.atBegin) || (state.kind === 'end' && where.atEnd))
        open.push(state.next)
    }
    if (this.#looks < 0)
      throw new NoExpression('so many paths have too many ways through it; count less far, or leave out dots')
    return [...reached]
      .filter((index) => ['byte', 'end', 'found'].includes(this.#states[index]?.kind ?? ''))
      .toSorted((a, b) => a - b)
  }

  /** The state from which a part leads to `next`. */
  #build(node: Node, next: number): number {
    switch (node.kind) {
      case 'byte':
        return this.#add({ kind: 'byte', takes: node.takes, next })
      case 'begin':
      case 'end':
        return this.#add({ kind: node.kind, next })
      case 'row':
        return node.parts.reduceRight((to, part) => this.#build(part, to), next)
      case 'choice':
        return this.#add({ kind: 'fork', next: node.of.map((one) => this.#build(one, next)) })
      case 'repeat':
        return this.#repeat(node, next)
    }
  }

  #repeat({ part, least, most }: Node & { readonly kind: 'repeat' }, next: number): number {
    let to = next
    if (most === undefined) {
      const ways = [next]
      to = this.#add({ kind: 'fork', next: ways })
      ways.push(this.#build(part, to))
    } else
      for (let count = least; count < most; count += 1)
        to = this.#add({ kind: 'fork', next: [next, this.#build(part, to)] })
    for (let count = 0; count < least; count += 1) to = this.#build(part, to)
    return to
  }

  #add(state: State): number {
    if (this.#states.length === STATES) throw new NoExpression('it is too long, or counts too far')
    return this.#states.push(state) - 1
  }
}
