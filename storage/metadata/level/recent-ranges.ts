import type { RangeQuery } from '../metadata-store.ts'
import { boundsOf, END_TEXT, keyText } from './keyspace.ts'
import { KnownGaps } from './known-gaps.ts'
import type { Frame, LevelReader } from './level-reader.ts'
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
  readonly #gaps = new KnownGaps()
  #batches = 0
  #writing = 0
  #isClosed = false

  constructor(reader: Pick<LevelReader, 'framesIn' | 'framesFrom'>) {
    this.#reader = reader
  }

  /** As LevelReader.framesIn. */
  async framesIn(query: RangeQuery): Promise<Frame[]> {
    const { limit, reverse = false } = query
    const bounds = boundsOf(query)
    if (bounds === undefined || !Number.isSafeInteger(limit) || limit < 1) return this.#reader.framesIn(query)
    const [from, to] = [keyText(bounds.gte), keyText(bounds.lt)]
    if (this.#gaps.covers(from, to)) return []
    if (reverse || limit > PROBE) return this.#reader.framesIn(query)
    // What was read while a batch was on its way may be what was there before it.
    const batches = this.#writing === 0 ? this.#batches : undefined
    const found = await this.#reader.framesFrom(bounds.gte, limit)
    if (batches === this.#batches) this.#learn(from, found, limit)
    return found.filter(([key]) => keyText(key) < to)
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

  /** Runs the writing of a batch that puts records under the stored `keys`. */
  async whileWriting(keys: readonly Uint8Array[], write: () => Promise<void>): Promise<void> {
    this.#batches += 1
    this.#writing += 1
    for (const key of keys) this.#gaps.cut(keyText(key))
    try {
      await write()
    } finally {
      this.#writing -= 1
    }
  }

  /** From now on the reader answers, and refuses. */
  close(): void {
    this.#isClosed = true
    this.#gaps.clear()
  }

  /** Between two records that follow each other there is none, nor behind the last one. */
  #learn(from: string, found: readonly Frame[], limit: number): void {
    if (this.#isClosed) return
    let start = from
    for (const [key] of found) {
      this.#gaps.learn(start, keyText(key))
      start = `${keyText(key)}\0`
    }
    if (found.length < limit) this.#gaps.learn(start, END_TEXT)
  }
}
