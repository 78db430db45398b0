/** The middle value; of an even number the mean of the two in the middle. Not a number when there is none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const high = sorted[sorted.length >> 1] ?? Number.NaN
  const low = sorted[(sorted.length - 1) >> 1] ?? Number.NaN
  return (low + high) / 2
}

/** Named lists of measurements, in the order in which the names first came. */
export class Samples {
  readonly #lists = new Map<string, number[]>()

  add(name: string, value: number): void {
    this.#lists.set(name, [...(this.#lists.get(name) ?? []), value])
  }

  median(name: string): number {
    return median(this.all(name))
  }

  all(name: string): readonly number[] {
    return this.#lists.get(name) ?? []
  }
}
