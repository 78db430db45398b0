import { setTimeout } from 'node:timers/promises'
import { asStoreError, type Remedy, remedyOf } from './postgres-errors.ts'

/** First and longest pause between two attempts, in milliseconds. */
const FIRST_PAUSE = 20
const LONGEST_PAUSE = 1000

/**
 * Tries again what is worth it, with growing pauses and full jitter, for `patience` ms; then the failure is the
 * caller's. While the server has been away for longer than that, each call tries once: nobody queues behind a server
 * that is down.
 */
export class Retry {
  readonly #patience: number
  /** Since when nothing got through, in milliseconds of performance.now; undefined while things do. */
  #awaySince: number | undefined

  constructor(patience: number) {
    this.#patience = patience
  }

  /** Runs `attempt`. Rejects with its own error when trying again does not help, else with a store error. */
  async run<Result>(attempt: () => Promise<Result>): Promise<Result> {
    const begun = performance.now()
    for (let tries = 0; ; tries += 1) {
      try {
        const result = await attempt()
        this.#awaySince = undefined
        return result
      } catch (error) {
        const remedy = remedyOf(error)
        this.#note(remedy)
        const pause = Math.random() * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** tries)
        const deadline = Math.min(begun, this.#awaySince ?? begun) + this.#patience
        if (remedy === 'fail' || performance.now() + pause > deadline) throw asStoreError(error)
        await setTimeout(pause)
      }
    }
  }

  #note(remedy: Remedy): void {
    if (remedy === 'reconnect') this.#awaySince ??= performance.now()
    else this.#awaySince = undefined
  }
}
