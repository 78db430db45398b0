import { setTimeout as sleep } from 'node:timers/promises'
import { NoSpace, StoreUnavailable } from '../../store-errors.ts'
import type { Beside, Commit } from '../metadata-store.ts'
import { BesideWays } from './beside/beside-ways.ts'
import type { LevelDatabase, LevelOperation, LevelSnapshot } from './level-database.ts'
import { asStoreError, isNoSpace } from './level-errors.ts'
import { LevelOpening, type OpeningParts } from './level-opening.ts'
import type { RecentChanges } from './recent-changes.ts'

const FIRST_PAUSE = 50
const LONGEST_PAUSE = 1000

export interface ConnectionParts extends OpeningParts {
  /** How long (ms) a failed commit waits for its outcome while the database cannot be opened again. */
  readonly recoveryMilliseconds: number
  /** Hears what happened to the database that nobody asked for: failed writes, re-openings. */
  readonly notice: (sentence: string, cause?: unknown) => void
}

/**
 * The open database, and the rule that keeps it whole: once a write has failed nothing is written before
 * the database was closed and opened again. LevelDB would go on behind the torn record in its log, say
 * that all is well, and drop everything behind that record at the next start.
 */
export class LevelConnection {
  readonly #parts: ConnectionParts
  readonly #opening: LevelOpening
  readonly #ways = new BesideWays()
  #isClosed = false
  #isWriting = false
  /** Why the database must be opened again before the next commit. */
  #failure: unknown
  /** In milliseconds of performance.now: the machine's clock may be set back. */
  #retryAt = 0
  #reopening: Promise<void> | undefined
  #readers = 0
  #whenQuiet: (() => void) | undefined
  #whenOpenedAgain: (() => void) | undefined

  constructor(parts: ConnectionParts) {
    this.#parts = parts
    this.#opening = new LevelOpening(parts)
  }

  /** The last version that was given out and is on disk. */
  get counter(): bigint {
    return this.#opening.counter
  }

  /** A batch is on its way: two reads may see different states. */
  get isWriting(): boolean {
    return this.#isWriting
  }

  /** Counts openings: a snapshot ends with the opening it was taken in. */
  get epoch(): number {
    return this.#opening.epoch
  }

  /** The first opening. Throws StoreUnavailable (also when locked), NoSpace, StoreDamaged. */
  async start(): Promise<void> {
    try {
      await this.#opening.open()
    } catch (error) {
      if (!isNoSpace(error)) throw asStoreError(`cannot open ${this.#parts.place}`, error)
      this.#parts.notice('the disk is too full to open the database: letting the ballast go', error)
      this.#failure = error
      await this.#reopen()
    }
    try {
      await this.#opening.holdBallast()
    } catch (error) {
      // A full disk can still be read.
      if (error instanceof NoSpace) return this.#parts.notice(error.message)
      await this.close()
      throw error
    }
  }

  /** `act` is called before anybody reads what has been opened again. */
  whenOpenedAgain(act: () => void): void {
    this.#whenOpenedAgain = act
  }

  /** Runs a read; waits while the database is being opened again. Throws StoreUnavailable, StoreDamaged. */
  async read<T>(work: (database: LevelDatabase) => Promise<T> | T): Promise<T> {
    while (this.#reopening !== undefined) await settled(this.#reopening)
    this.#refuseClosed()
    if (!this.#opening.isOpen) await this.#reopenSometimes()
    this.#readers += 1
    try {
      return await work(this.#parts.database)
    } catch (error) {
      throw asStoreError(`cannot read ${this.#parts.place}`, error)
    } finally {
      this.#readers -= 1
      if (this.#readers === 0) this.#whenQuiet?.()
    }
  }

  /** What changed lately, while a thread beside this one has a use for that. */
  get changes(): RecentChanges | undefined {
    return this.#ways.changes
  }

  /**
   * A way for another thread to read the database by itself; none where only memory holds it, and while it is not open or
   * has to be opened again: who came then would keep it from being closed.
   */
  beside(commit: (commit: Commit) => Promise<void>): Beside | undefined {
    const { place, mayBeOpenedBeside = false } = this.#parts
    const stays = this.#opening.isOpen && this.#failure === undefined && this.#reopening === undefined
    return mayBeOpenedBeside && stays && !this.#isClosed ? this.#ways.open(place, commit) : undefined
  }

  /** A snapshot of now, which ends when the database is opened again. */
  snapshot(): Promise<LevelSnapshot> {
    return this.read((database) => database.snapshot())
  }

  /** Resolves when commits may be checked and written. Throws NoSpace, StoreUnavailable, StoreDamaged. */
  async makeWritable(): Promise<void> {
    this.#refuseClosed()
    if (this.#failure !== undefined || !this.#opening.isOpen) await this.#reopenSometimes()
    await this.#opening.holdBallast()
  }

  /**
   * Writes one synced batch, which moves the counter to `counter`. When the write fails, the database is
   * opened again and the counter tells whether the batch is there: then this resolves, else it throws
   * NoSpace or StoreUnavailable. Only when opening fails for `recoveryMilliseconds` does StoreUnavailable
   * leave open whether the batch will be there.
   */
  async write(operations: readonly LevelOperation[], counter: bigint): Promise<void> {
    this.#isWriting = true
    try {
      await this.#opening.write(operations, counter)
    } catch (error) {
      this.#failure = error
      this.#parts.notice('a write failed: opening the database again', error)
      await this.#reopenPatiently()
      if (this.counter < counter) throw asStoreError(`cannot write ${this.#parts.place}`, error)
    } finally {
      this.#isWriting = false
    }
  }

  /** No reads or writes after this. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#reopening !== undefined) await settled(this.#reopening)
    await this.#ways.shut()
    await this.#parts.ballast.stop()
    await this.#opening.close()
  }

  async #reopenPatiently(): Promise<void> {
    const { place, recoveryMilliseconds, notice } = this.#parts
    const end = performance.now() + recoveryMilliseconds
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        return await this.#reopen()
      } catch (error) {
        notice('the database cannot be opened again', error)
        if (performance.now() + pause <= end) await sleep(pause)
        else {
          const sentence = `a write to ${place} failed and it cannot be opened again: the outcome is not known`
          throw new StoreUnavailable(sentence, { cause: error })
        }
      }
    }
  }

  /** One try; until a second after one that failed, its error is the answer. */
  async #reopenSometimes(): Promise<void> {
    if (performance.now() < this.#retryAt)
      throw asStoreError(`cannot open ${this.#parts.place}`, this.#failure)
    await this.#reopen()
  }

  #reopen(): Promise<void> {
    this.#reopening ??= this.#closeAndOpen().finally(() => {
      this.#reopening = undefined
    })
    return this.#reopening
  }

  async #closeAndOpen(): Promise<void> {
    try {
      // Before closing: where nothing can be written the old database stays open, for reading.
      await this.#opening.makeRoom(this.#failure)
      await this.#opening.tryDisk()
      if (this.#readers > 0) await new Promise<void>((resolve) => (this.#whenQuiet = resolve))
      await this.#ways.shut()
      await this.#opening.close()
      await this.#opening.open()
      this.#whenOpenedAgain?.()
      this.#failure = undefined
      this.#parts.notice('the database is open again')
    } catch (error) {
      this.#failure ??= error
      this.#retryAt = performance.now() + LONGEST_PAUSE
      throw asStoreError(`cannot open ${this.#parts.place}`, error)
    }
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new StoreUnavailable(`${this.#parts.place} is closed`)
  }
}

/** Waits for `work` whichever way it ends: its outcome belongs to who started it. */
async function settled(work: Promise<void>): Promise<void> {
  await Promise.allSettled([work])
}
