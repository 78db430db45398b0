import { CallLimit } from './call-limit.ts'
import { type Clock, SYSTEM_CLOCK, withRetries } from './retry.ts'
import { asStoreError, callFailure, isPassing, isSlowDown } from './s3-errors.ts'

/** What each attempt gives to the SDK. */
export interface AttemptOptions {
  readonly abortSignal: AbortSignal
}

/**
 * The way of every call: its turn under the bucket's cap, again with pauses while there is time, then StoreUnavailable.
 */
export class Calls {
  readonly #patience: number
  readonly #clock: Clock
  /** Apart, since sending a body may mean to read it first: one must never wait for the other. */
  readonly #limits = { read: new CallLimit(), write: new CallLimit() }
  readonly #closing = new AbortController()

  constructor(patience: number, clock: Clock = SYSTEM_CLOCK) {
    this.#patience = patience
    this.#clock = clock
  }

  /** `what` completes "S3 did not …". */
  run<Result>(what: string, call: (options: AttemptOptions) => Promise<Result>): Promise<Result> {
    return this.#run(this.#limits.write, what, call)
  }

  /** As `run`, for opening an object: its turn is over when its bytes begin to come. */
  runRead<Result>(what: string, call: () => Promise<Result>): Promise<Result> {
    return this.#run(this.#limits.read, what, call)
  }

  async #run<Result>(
    limit: CallLimit,
    what: string,
    call: (options: AttemptOptions) => Promise<Result>,
  ): Promise<Result> {
    const options = { abortSignal: this.#closing.signal }
    const attempt = (): Promise<Result> => limit.run(() => attemptCall(limit, () => call(options)))
    try {
      return await withRetries({ patience: this.#patience, isPassing }, this.#clock, attempt)
    } catch (error) {
      throw asStoreError(error, what)
    }
  }

  /** As `run`; a failure that `answers` knows is the answer undefined. */
  runUnless<Result>(
    answers: (error: unknown) => boolean,
    what: string,
    call: (options: AttemptOptions) => Promise<Result>,
  ): Promise<Result | undefined> {
    return this.run(what, async (options) => {
      try {
        return await call(options)
      } catch (error) {
        if (answers(callFailure(error))) return undefined
        throw error
      }
    })
  }

  /** Ends what is running: it would hold the process for as long as S3 is silent. */
  close(): void {
    this.#closing.abort()
  }
}

async function attemptCall<Result>(limit: CallLimit, call: () => Promise<Result>): Promise<Result> {
  try {
    const result = await call()
    limit.calm()
    return result
  } catch (error) {
    const failure = callFailure(error)
    if (isSlowDown(failure)) limit.slowDown()
    throw failure
  }
}
