/** A number that only grows. Requests add to it: it is a plain field, and nothing is looked up for it. */
export class Counter {
  value = 0

  add(amount = 1): void {
    this.value += amount
  }
}

/** How often something took how long, in seconds. */
export class Histogram {
  readonly bounds: readonly number[]
  /** One more than there are bounds: the last counts what is above them all. */
  readonly counts: Float64Array
  sum = 0

  /** `bounds` are upper ends in ascending order. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(seconds: number): void {
    const { bounds, counts } = this
    let at = 0
    while (at < bounds.length && seconds > (bounds[at] ?? 0)) at += 1
    counts[at] = (counts[at] ?? 0) + 1
    this.sum += seconds
  }
}

/** Ends of the buckets for answers, from what memory gives to a layer on a slow line. */
export const REQUEST_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 300]
/** Ends of the buckets for calls to a store. */
export const STORE_SECONDS = [0.0001, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10]
