import { ShortTurns } from '../../short-turns.ts'
import type { Entry, RangeQuery, Stored } from '../metadata-store.ts'
import { boundsOf, callerKey, type KeyBounds, storedKey, toTheEnd } from './keyspace.ts'
import type { Frame, LevelDatabase, LevelIterator, LevelRange, LevelSnapshot } from './level-database.ts'
import { type Probe, ProbeWalk } from './probe-walk.ts'
import type { ReadSpeed } from './read-speed.ts'
import { openFrame, valueLength } from './value-frame.ts'

/** More keys than this are read on another thread in one trip, whatever the speed. */
const SYNC_KEYS = 64
const BYTES_PER_TRIP = 1 << 20
/** Records that one trip brings back: to take over a thousand at once would hold up requests for milliseconds. */
const FRAMES_PER_TRIP = 128
/** So few may lie about for a while. */
const FEW_FRAMES = 16

/** What a reader needs of an open database. */
export interface ReadConnection {
  /** Runs a read. Throws StoreUnavailable, StoreDamaged. */
  read<T>(work: (database: LevelDatabase) => Promise<T> | T): Promise<T>
  /** A batch is on its way: two reads may see different states. */
  readonly isWriting: boolean
}

/** Reads committed data: the newest, or that of a snapshot. Knows stored keys and frames. */
export class LevelReader {
  readonly #connection: ReadConnection
  readonly #speed: ReadSpeed
  readonly #snapshot: LevelSnapshot | undefined

  constructor(connection: ReadConnection, speed: ReadSpeed, snapshot?: LevelSnapshot) {
    this.#connection = connection
    this.#speed = speed
    this.#snapshot = snapshot
  }

  /** A reader of the same database as it was at `snapshot`. */
  at(snapshot: LevelSnapshot): LevelReader {
    return new LevelReader(this.#connection, this.#speed, snapshot)
  }

  async read(keys: readonly Uint8Array[]): Promise<(Stored | undefined)[]> {
    const stored = keys.map(storedKey)
    const frames = await this.frames(stored)
    return stored.map((key, index) => {
      const frame = frames[index]
      return frame === undefined ? undefined : openFrame(key, frame)
    })
  }

  async range(query: RangeQuery): Promise<Entry[]> {
    return openFrames(await this.framesIn(query))
  }

  /** The frames under stored keys, all of one moment. */
  frames(keys: Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.#connection.read((database) => {
      if (!this.#maySync(keys.length)) return database.getMany(keys, { snapshot: this.#snapshot })
      return this.#speed.measure(keys.length, () => this.#framesSync(database, keys))
    })
  }

  /** Stored keys and frames of a range. Throws TypeError for a limit that is none. */
  async framesIn(query: RangeQuery): Promise<Frame[]> {
    if (!Number.isSafeInteger(query.limit) || query.limit < 0) {
      throw new TypeError(`the limit of a range is a whole number from 0 on, not ${query.limit}`)
    }
    const bounds = boundsOf(query)
    if (bounds === undefined || query.limit === 0) return []
    return this.#iterate(bounds, query, query.reverse === true)
  }

  /** For each probe, whose keys are in order, the first records at or behind it, whatever they are. */
  async framesFrom(probes: readonly Probe[]): Promise<Frame[][]> {
    const [first] = probes
    if (first === undefined) return []
    if (!this.#speed.isFast) return Promise.all(probes.map((probe) => this.#framesFromOne(probe)))
    return this.#connection.read(async (database) => {
      const iterator = database.iterator({ ...toTheEnd(first.key), ...this.#options() })
      try {
        const walk = new ProbeWalk(iterator, probes.length, (key) =>
          this.#speed.measure(1, () => iterator.seek(key)),
        )
        const found: Frame[][] = []
        for (const probe of probes) found.push(await walk.find(probe))
        return found
      } finally {
        await iterator.close()
      }
    })
  }

  /** Where the disk has to answer: the iterator seeks on another thread. */
  #framesFromOne({ key, limit }: Probe): Promise<Frame[]> {
    return this.#iterate(toTheEnd(key), { limit }, false)
  }

  #iterate(bounds: KeyBounds, most: Most, reverse: boolean): Promise<Frame[]> {
    return this.#connection.read((database) => {
      const iterator = database.iterator({ ...bounds, reverse, limit: most.limit, ...this.#options() })
      return framesOf(iterator, most)
    })
  }

  #options(): Omit<LevelRange, keyof KeyBounds> {
    const fillCache = this.#snapshot === undefined
    return { snapshot: this.#snapshot, fillCache, highWaterMarkBytes: BYTES_PER_TRIP }
  }

  /** Between two synchronous reads a running batch may land: a snapshot makes one moment of them. */
  #framesSync(database: LevelDatabase, keys: readonly Uint8Array[]): (Uint8Array | undefined)[] {
    const isSettled = keys.length === 1 || this.#snapshot !== undefined || !this.#connection.isWriting
    const moment = isSettled ? undefined : database.snapshot()
    try {
      const snapshot = moment ?? this.#snapshot
      return keys.map((key) => database.getSync(key, { snapshot }))
    } finally {
      void moment?.close()
    }
  }

  #maySync(keys: number): boolean {
    return keys <= SYNC_KEYS && this.#speed.isFast
  }
}

/** Records that are wanted, and bytes of them behind which no more are brought. */
type Most = Pick<RangeQuery, 'limit' | 'bytes'>

/** The next records; closes the iterator. A trip brings a mebibyte, and what goes beyond that with its last record. */
async function framesOf(
  iterator: LevelIterator,
  { limit, bytes = Number.POSITIVE_INFINITY }: Most,
): Promise<Frame[]> {
  const found: Frame[] = []
  let brought = 0
  try {
    while (found.length < limit && brought < bytes) {
      const more = await iterator.nextv(tripTo(limit - found.length))
      if (more.length === 0) break
      found.push(...more)
      brought += more.reduce((sum, [, frame]) => sum + valueLength(frame), 0)
    }
    return found
  } finally {
    await iterator.close()
  }
}

/**
 * Records of the next trip. An iterator of classic-level keeps what its last trip brought, also when it is closed, until
 * a major collection of memory: of a walk over millions of records that were hundreds of megabytes. So the last trip of
 * many brings one.
 */
function tripTo(left: number): number {
  if (left > FRAMES_PER_TRIP) return FRAMES_PER_TRIP
  return left > FEW_FRAMES ? left - 1 : left
}

/** The caller's records of stored ones, in short turns. Rejects with StoreDamaged. */
export async function openFrames(frames: readonly Frame[]): Promise<Entry[]> {
  const turns = new ShortTurns({ isUrgent: true })
  const entries: Entry[] = []
  for (const [key, frame] of frames) {
    entries.push({ key: callerKey(key), ...openFrame(key, frame) })
    if (turns.isOver) await turns.rest()
  }
  return entries
}
