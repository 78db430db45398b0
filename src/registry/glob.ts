import { type Part, parseGlob, type Takes } from './glob-parser.ts'

type State =
  | { readonly kind: 'takes'; readonly takes: Takes; readonly next: number }
  | { readonly kind: 'fork'; readonly next: readonly number[] }
  | { readonly kind: 'end' }

const SLASH: Takes = (char) => char === '/'
const NO_SLASH: Takes = (char) => char !== '/'

/**
 * `*` and `?` for anything but a slash, `**` for any number of segments, `[a-z]`, `[!a-z]`, `{a,b}`, `\` before what shall
 * stand for itself. All ways to read a text are followed side by side, so that no pattern takes longer than its length
 * times that of the text: as a regular expression `*a*a*a*a*b` takes ten seconds of 128 characters.
 */
export class Glob {
  readonly #states: State[] = [{ kind: 'end' }]
  readonly #start: number
  /** In which step each state was last reached. */
  readonly #reached: number[]
  #step = 0

  constructor(pattern: string) {
    this.#start = this.#build(parseGlob(pattern), 0)
    this.#reached = this.#states.map(() => 0)
  }

  matches(text: string): boolean {
    let current = this.#from([this.#start])
    for (const char of text) {
      const next: number[] = []
      for (const state of current) if (state.takes(char)) next.push(state.next)
      if (next.length === 0) return false
      current = this.#from(next)
    }
    return this.#reached[0] === this.#step
  }

  /** What can take a character after these were reached, which are used up. */
  #from(begun: number[]): (State & { kind: 'takes' })[] {
    this.#step += 1
    const found: (State & { kind: 'takes' })[] = []
    for (let index = begun.pop(); index !== undefined; index = begun.pop()) {
      if (this.#reached[index] === this.#step) continue
      this.#reached[index] = this.#step
      const state = this.#states[index]
      if (state?.kind === 'takes') found.push(state)
      if (state?.kind === 'fork') begun.push(...state.next)
    }
    return found
  }

  /** The state from which `parts` lead to `next`. */
  #build(parts: readonly Part[], next: number): number {
    return parts.reduceRight((to, part) => this.#buildOne(part, to), next)
  }

  #buildOne(part: Part, next: number): number {
    switch (part.kind) {
      case 'one':
        return this.#add({ kind: 'takes', takes: part.takes, next })
      case 'many':
        return this.#loop(next, (back) => this.#add({ kind: 'takes', takes: part.takes, next: back }))
      case 'segments':
        return this.#loop(next, (back) => {
          const slash = this.#add({ kind: 'takes', takes: SLASH, next: back })
          const rest = this.#loop(slash, (again) =>
            this.#add({ kind: 'takes', takes: NO_SLASH, next: again }),
          )
          return this.#add({ kind: 'takes', takes: NO_SLASH, next: rest })
        })
      case 'choice':
        return this.#add({ kind: 'fork', next: part.of.map((parts) => this.#build(parts, next)) })
    }
  }

  /** Any number of what `body` makes, which leads back to where it is given. */
  #loop(next: number, body: (back: number) => number): number {
    const fork = this.#add({ kind: 'end' })
    this.#states[fork] = { kind: 'fork', next: [body(fork), next] }
    return fork
  }

  #add(state: State): number {
    return this.#states.push(state) - 1
  }
}
