import { setTimeout } from 'node:timers/promises'

/** Bytes that may pass at once before the first pause. */
const BURST_SECONDS = 0.1

/** Lets so many bytes pass in a second, and no more. */
export class Throttle {
  readonly #rate: number
  readonly #signal: AbortSignal
  /** When the bytes that passed are paid for, in milliseconds of performance.now. */
  #paid = performance.now()

  constructor(rate: number, signal: AbortSignal) {
    this.#rate = rate
    this.#signal = signal
  }

  /** Resolves when as many bytes were due; at once when `signal` is aborted. */
  async pass(bytes: number): Promise<void> {
    const now = performance.now()
    this.#paid = Math.max(this.#paid, now - BURST_SECONDS * 1000) + (bytes / this.#rate) * 1000
    if (this.#paid <= now) return
    await setTimeout(this.#paid - now, undefined, { signal: this.#signal, ref: false }).catch(() => undefined)
  }
}
