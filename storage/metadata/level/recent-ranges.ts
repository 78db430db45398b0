import { ShortTurns } from '../../short-turns.ts'
import type { RangeQuery } from '../metadata-store.ts'
import { ChangedKeys } from './changed-keys.ts'
import { GroupedProbes } from './grouped-probes.ts'
import { boundsOf, END_TEXT, keyText } from './keyspace.ts'
import { KnownGaps } from './known-gaps.ts'
import type { Frame } from './level-database.ts'
import type { LevelReader } from './level-reader.ts'
import { OverlappingBatches } from './overlapping-batches.ts'
import type { PreparedRangeCheck } from './prepared-commit.ts'

/** Ranges of so few records are read to the next key behind them. */
const PROBE = 2

/**
 * Remembers where there is nothing. LevelDB finds the end of a range by walking to the next record, over everything
 * deleted on the way: to ask after each of a hundred thousand deleted records whether it is gone would take hours. So a
 * look for one or two records goes on to whatever comes next, and what was found empty is not looked at again until a
 * commit puts something there. One process owns the database, and every commit passes by here.
 */
export class RecentRanges {
  readonly #reader: Pick<LevelReader, 'framesIn' | 'framesFrom'>
  readonly #probes: GroupedProbes
  readonly #gaps = new KnownGaps()
  readonly #overlapping = new OverlappingBatches<ChangedKeys>()
  readonly #turns = new ShortTurns({ isUrgent: true })
  /** How often all was forgotten: what was found before that says nothing after it. */
  #forgotten = 0
  #isClosed = false

  constructor(reader: Pick<LevelReader, 'framesIn' | 'framesFrom'>) {
    this.#reader = reader
    this.#probes = new GroupedProbes((probes) => reader.framesFrom(probes))
  }

  /** As LevelReader.framesIn. */
  async framesIn(query: RangeQuery): Promise<Frame[]> {
    const { limit, reverse = false } = query
    const bounds = boundsOf(query)
    if (bounds === undefined || !Number.isSafeInteger(limit) || limit < 1) return this.#reader.framesIn(query)
    const [from, to] = [keyText(bounds.gte), keyText(bounds.lt)]
    if (this.#gaps.covers(from, to)) return []
    if (reverse || limit > PROBE) return this.#reader.framesIn(query)
    const forgotten = this.#forgotten
    const probed = await this.#overlapping.whileReading(
      () => this.#probes.find({ key: bounds.gte, limit }),
      (found, overlapping) => {
        if (forgotten === this.#forgotten) this.#learn({ from, limit }, found, overlapping)
      },
    )
    return probed.filter(([key]) => keyText(key) < to)
  }

  /** Whether the range of `check` holds nothing but entries that it names, as far as they are still there. */
  holdsNoOther(check: PreparedRangeCheck): boolean {
    let from = check.text
    for (const text of check.entries.keys()) {
      if (!this.#gaps.covers(from, text)) return false
      from = `${text}\0`
    }
    return this.#gaps.covers(from, check.end)
  }

  /**
   * Runs the writing of a batch that changes what is under stored keys, given as their texts; `gone` are those among
   * them that hold nothing then. What went from between two stretches where nothing is makes them one.
   */
  async whileWriting(
    changed: readonly string[],
    gone: readonly string[],
    write: () => Promise<void>,
  ): Promise<void> {
    await this.#overlapping.whileWriting(new ChangedKeys(changed), async () => {
      for (const text of changed) {
        this.#gaps.cut(text)
        if (this.#turns.isOver) await this.#turns.rest()
      }
      await write()
      for (const text of gone) {
        if (!this.#isClosed) this.#gaps.join(text)
        if (this.#turns.isOver) await this.#turns.rest()
      }
    })
  }

  /** The database was opened again: what a write that failed had left in its log is there now. */
  forget(): void {
    this.#forgotten += 1
    this.#gaps.clear()
  }

  /** From now on the reader answers, and refuses. */
  close(): void {
    this.#isClosed = true
    this.#gaps.clear()
  }

  /**
   * Between two records that follow each other there is none, nor behind the last one; but for what batches put there
   * meanwhile.
   */
  #learn(
    { from, limit }: { readonly from: string; readonly limit: number },
    found: readonly Frame[],
    overlapping: readonly ChangedKeys[],
  ): void {
    if (this.#isClosed) return
    let start = from
    for (const [key] of found) {
      this.#gaps.learn(start, keyText(key))
      start = `${keyText(key)}\0`
    }
    const isLast = found.length < limit
    if (isLast) this.#gaps.learn(start, END_TEXT)
    const end = isLast ? END_TEXT : start
    for (const changed of overlapping) for (const text of changed.between(from, end)) this.#gaps.cut(text)
  }
}
