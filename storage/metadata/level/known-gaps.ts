/** Gaps that are remembered; those that are old and did not help since are forgotten first. */
const MOST = 2000

interface Gap {
  readonly end: string
  helped: boolean
}

/** Stretches between keys, where no key is: disjoint, each from its start to before its end. Keys as keyText gives them. */
export class KnownGaps {
  /** By start, in the order in which they came or were spared. */
  readonly #gaps = new Map<string, Gap>()
  readonly #starts: string[] = []

  /** Whether it is known that no key lies from `from` to before `to`. */
  covers(from: string, to: string): boolean {
    if (from >= to) return true
    const gap = this.#gaps.get(this.#starts[this.#indexBehind(from) - 1] ?? '')
    if (gap === undefined || gap.end < to) return false
    gap.helped = true
    return true
  }

  /** From `from` to before `to` there is none. */
  learn(from: string, to: string): void {
    if (this.covers(from, to)) return
    const before = this.#indexBehind(from) - 1
    const first = this.#endAt(before) >= from ? before : before + 1
    const touched = this.#starts.slice(Math.max(first, 0), this.#indexBehind(to))
    const [start = from] = touched
    const end = this.#gaps.get(touched.at(-1) ?? '')?.end ?? to
    for (const one of touched) this.#forget(one)
    this.#add(start < from ? start : from, end > to ? end : to)
  }

  /** A key comes: what lies before and behind it is empty as before. */
  cut(key: string): void {
    const at = this.#indexBehind(key) - 1
    const [start, end] = [this.#starts[at], this.#endAt(at)]
    if (start === undefined || end <= key) return
    this.#forget(start)
    this.#add(start, key)
    this.#add(`${key}\0`, end)
  }

  /** A key went: it counts where a gap ends or begins beside it. */
  join(key: string): void {
    const behind = `${key}\0`
    const at = this.#indexBehind(key) - 1
    if (this.#endAt(at) === key || this.#starts[at + 1] === behind) this.learn(key, behind)
  }

  clear(): void {
    this.#gaps.clear()
    this.#starts.length = 0
  }

  #add(start: string, end: string): void {
    if (start >= end) return
    this.#starts.splice(this.#indexBehind(start), 0, start)
    this.#gaps.set(start, { end, helped: false })
    if (this.#starts.length > MOST) this.#forgetOne()
  }

  /** Who helped gets another round. */
  #forgetOne(): void {
    for (const [start, gap] of this.#gaps) {
      if (!gap.helped) return this.#forget(start)
      this.#gaps.delete(start)
      this.#gaps.set(start, { end: gap.end, helped: false })
    }
  }

  #forget(start: string): void {
    this.#starts.splice(this.#indexBehind(start) - 1, 1)
    this.#gaps.delete(start)
  }

  #endAt(index: number): string {
    return this.#gaps.get(this.#starts[index] ?? '')?.end ?? ''
  }

  /** How many gaps start at `key` or before it. */
  #indexBehind(key: string): number {
    let [low, high] = [0, this.#starts.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#starts[middle] ?? '') <= key) low = middle + 1
      else high = middle
    }
    return low
  }
}
