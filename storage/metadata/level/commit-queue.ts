import { ShortTurns } from '../../short-turns.ts'
import { StoreUnavailable } from '../../store-errors.ts'
import type { Commit } from '../metadata-store.ts'
import { type BaseParts, loadGroupBase } from './group-base.ts'
import type { LevelConnection } from './level-connection.ts'
import { Overlay } from './overlay.ts'
import { type PreparedCommit, prepareCommit } from './prepared-commit.ts'

/** One synced batch carries at most this many commits, and no more after this many bytes. */
const GROUP_COMMITS = 256
const GROUP_BYTES = 1 << 20
/** Nor after so many sets and deletes: LevelDB takes them over in one turn of the event loop, at microseconds each. */
const GROUP_CHANGES = 600

interface Waiting {
  readonly commit: PreparedCommit
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/** Merges the commits that wait into one synced batch after the other: an fsync is paid once for all. */
export class CommitQueue {
  readonly #connection: LevelConnection
  readonly #base: BaseParts
  readonly #waiting: Waiting[] = []
  readonly #turns = new ShortTurns({ isUrgent: true })
  #draining: Promise<void> | undefined
  #isClosed = false

  constructor(connection: LevelConnection, base: BaseParts) {
    this.#connection = connection
    this.#base = base
  }

  /** Resolves when `commit` is on disk. Rejects with TypeError, MetadataConflict, NoSpace, StoreUnavailable or StoreDamaged. */
  async add(commit: Commit): Promise<void> {
    if (this.#isClosed) throw new StoreUnavailable('the metadata store is closed')
    const prepared = prepareCommit(commit)
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ commit: prepared, resolve, reject })
      this.#draining ??= this.#drain()
    })
  }

  /** Accepts nothing more and resolves when all that was accepted is settled. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#draining
  }

  async #drain(): Promise<void> {
    // One turn, so that commits made side by side share the first batch too.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup()
      try {
        await this.#settle(group)
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    this.#draining = undefined
  }

  #takeGroup(): Waiting[] {
    let bytes = 0
    let changes = 0
    let count = 0
    for (const { commit } of this.#waiting) {
      if (count === GROUP_COMMITS || bytes >= GROUP_BYTES || changes >= GROUP_CHANGES) break
      bytes += commit.bytes
      changes += commit.sets.length + commit.deletes.length
      count += 1
    }
    return this.#waiting.splice(0, count)
  }

  /** Outcomes are told after the write: who lost to another commit of the group then reads what that one wrote. */
  async #settle(group: readonly Waiting[]): Promise<void> {
    await this.#connection.makeWritable()
    const base = await loadGroupBase(
      group.map(({ commit }) => commit),
      this.#base,
    )
    const overlay = new Overlay(base, this.#connection.counter)
    const accepted: Waiting[] = []
    const refused: [Waiting, unknown][] = []
    for (const waiting of group) {
      try {
        overlay.accept(waiting.commit)
        accepted.push(waiting)
      } catch (error) {
        refused.push([waiting, error])
      }
      if (this.#turns.isOver) await this.#turns.rest()
    }
    try {
      await this.#write(overlay)
      for (const { resolve } of accepted) resolve()
    } catch (error) {
      for (const { reject } of accepted) reject(error)
    }
    for (const [{ reject }, error] of refused) reject(error)
  }

  /** The batch itself takes a version: the counter moves also when it only deletes, and tells whether it is there. */
  async #write(overlay: Overlay): Promise<void> {
    const { operations, changed, gone, counter } = overlay
    if (operations.length === 0) return
    const { records, ranges, changes } = this.#base
    changes()?.note(changed, Number(this.#connection.counter), Number(counter + 1n))
    await records.whileWriting(changed, () =>
      ranges.whileWriting(changed, gone, () => this.#connection.write(operations, counter + 1n)),
    )
  }
}
