/** The keys that a batch changes, as texts: each of many readers asks for those of a short stretch. */
export class ChangedKeys {
  readonly #texts: readonly string[]
  #sorted: readonly string[] | undefined

  constructor(texts: readonly string[]) {
    this.#texts = texts
  }

  /** Those from `from` to before `to`. */
  *between(from: string, to: string): Generator<string> {
    this.#sorted ??= this.#texts.toSorted((one, other) => (one < other ? -1 : one > other ? 1 : 0))
    for (let at = this.#indexOf(from); ; at++) {
      const text = this.#sorted[at]
      if (text === undefined || text >= to) return
      yield text
    }
  }

  /** Of the first key that is not before `from`. */
  #indexOf(from: string): number {
    let [low, high] = [0, this.#texts.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#sorted?.[middle] ?? '') < from) low = middle + 1
      else high = middle
    }
    return low
  }
}
