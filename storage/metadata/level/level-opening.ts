import { NoSpace, StoreDamaged, StoreUnavailable } from '../../store-errors.ts'
import { type Ballast, REOPEN_ROOM } from './ballast.ts'
import { COUNTER_KEY } from './keyspace.ts'
import type { LevelDatabase, LevelOperation } from './level-database.ts'
import { asStoreError, isLocked, isNoSpace } from './level-errors.ts'
import { openFrame, prepareFrame, sealFrame } from './value-frame.ts'

/** Number of the disk format, kept in the value of the counter record. */
const FORMAT = 1
/** How often (ms) a ballast that is not whole is tried again. */
const BALLAST_PAUSE = 60_000
/** How often (ms) the last version is remembered while there are commits. */
const REMEMBER_PAUSE = 60_000

/** Places of the databases that this process owns. */
const owned = new Set<string>()

export interface OpeningParts {
  readonly database: LevelDatabase
  readonly ballast: Ballast
  /** Where the database is, for sentences to people. */
  readonly place: string
  /** Whether other threads of this process can open it, too: then only this says that it has one owner. */
  readonly mayBeOpenedBeside?: boolean
  /** Rejects when another database would be opened than the one that was open; absent where there can be no other. */
  readonly refuseAnother?: () => Promise<void>
  /** The last version that the database was known to hold when it was closed, or a while before; absent: not known. */
  readonly known?: bigint
  /** Keeps the last version for the next start, and what else is known of a database that is closed. Must not reject. */
  readonly remember?: (version: bigint, isClosed: boolean) => Promise<void>
}

/** Opens and closes the database, knows its counter, and sees to it that there is room to open it again. */
export class LevelOpening {
  readonly #parts: OpeningParts
  #isOpen = false
  #counter: bigint
  #epoch = 0
  #ballastAt = 0
  #rememberAt = 0
  #remembering: Promise<void> | undefined

  constructor(parts: OpeningParts) {
    this.#parts = parts
    this.#counter = parts.known ?? 0n
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** The last version that was given out and is on disk. */
  get counter(): bigint {
    return this.#counter
  }

  /** How often the database was opened. */
  get epoch(): number {
    return this.#epoch
  }

  /**
   * Opens the database and reads its counter. Opening writes what the log holds into tables and syncs them,
   * so whatever the counter shows then stays, also if its own sync had failed.
   */
  async open(): Promise<void> {
    const { place, mayBeOpenedBeside = false } = this.#parts
    if (mayBeOpenedBeside && owned.has(place)) throw ownedBefore(place)
    if (mayBeOpenedBeside) owned.add(place)
    try {
      this.#counter = await this.#openAndCount()
    } catch (error) {
      owned.delete(place)
      throw error
    }
    this.#isOpen = true
    this.#epoch += 1
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return
    await this.#remembering
    await this.#parts.database.close()
    this.#isOpen = false
    await this.#parts.remember?.(this.#counter, true)
    owned.delete(this.#parts.place)
  }

  /** Writes one synced batch that carries the counter too; after a rejection the database must be opened again. */
  async write(operations: readonly LevelOperation[], counter: bigint): Promise<void> {
    const value = prepareFrame(Uint8Array.of(FORMAT))
    sealFrame(COUNTER_KEY, value, counter)
    await this.#parts.database.batch([...operations, { type: 'put', key: COUNTER_KEY, value }], {
      sync: true,
    })
    this.#counter = counter
    this.#remember()
  }

  /** Lets the ballast go if opening needs it after `failure`. Throws NoSpace when that is not enough. */
  async makeRoom(failure: unknown): Promise<void> {
    const { ballast, place } = this.#parts
    if (isNoSpace(failure) || (await ballast.room()) < REOPEN_ROOM) await ballast.release()
    if ((await ballast.room()) < REOPEN_ROOM) {
      throw new NoSpace(`the disk of ${place} is full: there is no room to open the database again`)
    }
  }

  /** Throws NoSpace or StoreUnavailable when the disk takes nothing, or is another one: opening would be no help. */
  async tryDisk(): Promise<void> {
    const { ballast, place, refuseAnother } = this.#parts
    try {
      await ballast.tryDisk()
      if (this.#epoch > 0) await refuseAnother?.()
    } catch (error) {
      throw asStoreError(`cannot write to the disk of ${place}`, error)
    }
  }

  /** Holds ballast again. Throws NoSpace while there is no room for enough of it. */
  async holdBallast(): Promise<void> {
    const { ballast, place } = this.#parts
    if (ballast.isWhole || (ballast.isEnough && Date.now() < this.#ballastAt)) return
    this.#ballastAt = Date.now() + BALLAST_PAUSE
    try {
      if (await ballast.make()) return
    } catch (error) {
      throw asStoreError(`cannot hold ballast in ${place}`, error)
    }
    throw new NoSpace(`the disk of ${place} is full: nothing can be recorded until there is room`)
  }

  /** Gives the counter, which is never below what it was. */
  async #openAndCount(): Promise<bigint> {
    const { database, place } = this.#parts
    try {
      await database.open()
    } catch (error) {
      throw isLocked(error) ? ownedBefore(place, error) : error
    }
    try {
      return this.#notBelow(readCounter(database, place), this.#counter)
    } catch (error) {
      await database.close()
      throw error
    }
  }

  /** Whoever went on with less would take all that it does not know for left over. */
  #notBelow(counter: bigint, before: bigint): bigint {
    if (counter >= before) return counter
    const sentence = `${this.#parts.place} has lost records, or is another database: its last version is ${counter}, and was ${before}`
    throw this.#epoch === 0 ? new StoreDamaged(sentence) : new StoreUnavailable(sentence)
  }

  /** Nobody waits for it. */
  #remember(): void {
    const { remember } = this.#parts
    if (remember === undefined || performance.now() < this.#rememberAt) return
    this.#rememberAt = performance.now() + REMEMBER_PAUSE
    this.#remembering = remember(this.#counter, false)
  }
}

function ownedBefore(place: string, cause?: unknown): StoreUnavailable {
  const sentence = `another lamina is running on ${place}: only one process at a time can use it`
  return new StoreUnavailable(sentence, { cause })
}

function readCounter(database: LevelDatabase, place: string): bigint {
  const frame = database.getSync(COUNTER_KEY, {})
  if (frame === undefined) return 0n
  const { value, version } = openFrame(COUNTER_KEY, frame)
  const [format = 0] = value
  if (format === FORMAT) return version
  // Whole, and not ours to call damaged: nobody is to move it away.
  if (format > FORMAT)
    throw new StoreUnavailable(
      `a newer Lamina has written ${place} (its format is ${format}, this program knows ${FORMAT}): start that version`,
    )
  throw new StoreDamaged(`${place} has disk format ${format}, which this lamina does not know`)
}
