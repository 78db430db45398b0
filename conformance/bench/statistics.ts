/** The middle value; of an even number the mean of the two in the middle. Not a number when there is none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const high = sorted[sorted.length >> 1] ?? Number.NaN
  const low = sorted[(sorted.length - 1) >> 1] ?? Number.NaN
  return (low + high) / 2
}

/** The value that the given share of all does not exceed: 0.99 for p99. Not a number when there is none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? Number.NaN
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
