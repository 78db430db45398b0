import type { StoreUnavailable } from '../../store-errors.ts'
import type { Bucket } from './bucket.ts'
import { CopiedRecords, checkOwner, ForeignPrefix, type Registry, writeOwner } from './owner.ts'

/** So often each process looks whose the prefix is, in the time that a start takes to be settled. */
const LOOKS = 6

interface TenureParts {
  readonly bucket: Bucket
  readonly registry: Registry
  /** Milliseconds in which somebody else who uses the prefix would have shown. */
  readonly settle: number
  /** Hears of what an operator has to know, one sentence each. */
  readonly notice: (sentence: string, cause: unknown) => void
  readonly now?: () => number
}

/**
 * One process's hold on the prefix. Two copies of the same records are told apart by their starts: the last one is in the
 * owner object. Who has been there for a while takes it back from a newcomer, who sees that before it has removed
 * anything, and gives way: nothing of the prefix is then removed, nor made, by it.
 */
export class Tenure {
  readonly #parts: TenureParts
  readonly #now: () => number
  readonly #begun: number
  #held: number
  #lost: StoreUnavailable | undefined
  #timer: NodeJS.Timeout | undefined

  /** The prefix has just been claimed. */
  constructor(parts: TenureParts) {
    this.#parts = parts
    this.#now = parts.now ?? (() => performance.now())
    this.#begun = this.#now()
    this.#held = this.#begun
  }

  /** Looks now and then by itself. */
  begin(): void {
    // What it finds is told by `notice`, and that S3 does not answer by whoever needs it.
    this.#timer = setInterval(
      () => void this.check().catch(() => undefined),
      this.#parts.settle / LOOKS,
    ).unref()
  }

  end(): void {
    clearInterval(this.#timer)
  }

  /**
   * Whether others who use the prefix would have shown by now: before, nothing of it is removed in the background. Rejects as
   * check.
   */
  async mayRemove(): Promise<boolean> {
    if (this.#now() - this.#begun < this.#parts.settle) return false
    await this.check()
    return true
  }

  /** Rejects when the prefix is not this registry's, or is used with a copy of its records. */
  async check(): Promise<void> {
    const { bucket, registry } = this.#parts
    try {
      await checkOwner(bucket, registry)
    } catch (error) {
      if (!(error instanceof CopiedRecords && this.#isSettled)) throw this.#lose(error)
      await writeOwner(bucket, registry)
      this.#parts.notice('a copy of the records was started on the same bucket; this one keeps it', error)
    }
    this.#held = this.#now()
    this.#lost = undefined
  }

  /** Throws what the last look found, when that was that the prefix is another's: whatever is stored here is swept there. */
  requireHeld(): void {
    if (this.#lost !== undefined) throw this.#lost
  }

  /** Who has not looked for long may be the one whose place was taken meanwhile. */
  get #isSettled(): boolean {
    const { settle } = this.#parts
    const now = this.#now()
    return this.#lost === undefined && now - this.#begun >= settle && now - this.#held <= settle / 2
  }

  #lose(error: unknown): unknown {
    if (!(error instanceof ForeignPrefix || error instanceof CopiedRecords)) return error
    if (this.#lost === undefined) this.#parts.notice(`no blob is taken any more: ${error.message}`, error)
    this.#lost = error
    return error
  }
}
