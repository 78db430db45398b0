import type { Entry } from '../metadata-store.ts'
import { byteaArray, int8Array } from './array-parameters.ts'
import { Grouped } from './grouped.ts'
import type { RunQuery } from './run-query.ts'
import { rangesStatement, type Table } from './statements.ts'

/** Ranges of one statement. */
const MOST_RANGES = 200
/** Bytes of values behind which a statement ends; another one goes on. */
const BYTES = 4 << 20

/** The first records from `low` on, below `high`. */
export interface ShortRange {
  readonly low: Uint8Array
  readonly high: Uint8Array
  readonly limit: number
}

/** Ranges of a few records in one table that share statements; `alone` reads one by itself. */
export class GroupedRanges {
  readonly #run: RunQuery
  readonly #table: Table
  readonly #alone: (range: ShortRange) => Promise<Entry[]>
  readonly #grouped = new Grouped<ShortRange, Entry[]>({
    find: (asked) => this.#findAll(asked),
    sizeOf: () => 1,
    most: MOST_RANGES,
  })

  constructor(run: RunQuery, table: Table, alone: (range: ShortRange) => Promise<Entry[]>) {
    this.#run = run
    this.#table = table
    this.#alone = alone
  }

  find(range: ShortRange): Promise<Entry[]> {
    return this.#grouped.find(range)
  }

  async #findAll(asked: readonly ShortRange[]): Promise<Entry[][]> {
    const found: Entry[][] = []
    while (found.length < asked.length) found.push(...(await this.#findFirst(asked.slice(found.length))))
    return found
  }

  /** What the first of them hold, one at least. */
  async #findFirst(asked: readonly ShortRange[]): Promise<Entry[][]> {
    const [first] = asked
    if (first === undefined || asked.length === 1) return first ? [await this.#alone(first)] : []
    const [lows, highs] = [asked.map(({ low }) => low), asked.map(({ high }) => high)]
    const limits = int8Array(asked.map(({ limit }) => BigInt(limit)))
    const values = [byteaArray(lows), byteaArray(highs), limits, BYTES]
    const { rows } = await this.#run({ ...rangesStatement(this.#table), values })
    const found = asked.map((): Entry[] => [])
    for (const { place, key, value, version } of rows) found[Number(place) - 1]?.push({ key, value, version })
    if (rows.reduce((sum, { value }) => sum + value.length, 0) < BYTES) return found
    // It ended within the last range of which something came, unless that has all that it asked for.
    const last = Number(rows.at(-1)?.place) - 1
    const whole = found[last]?.length === asked[last]?.limit ? last + 1 : last
    return whole > 0 ? found.slice(0, whole) : [await this.#alone(first)]
  }
}
