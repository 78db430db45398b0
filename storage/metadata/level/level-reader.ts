import type { Entry, RangeQuery, Stored } from '../metadata-store.ts'
import { boundsOf, callerKey, type KeyBounds, storedKey, toTheEnd } from './keyspace.ts'
import type { LevelConnection } from './level-connection.ts'
import type { LevelDatabase, LevelSnapshot } from './level-database.ts'
import type { ReadSpeed } from './read-speed.ts'
import { openFrame } from './value-frame.ts'

/** More keys than this are read on another thread in one trip, whatever the speed. */
const SYNC_KEYS = 64
const BYTES_PER_TRIP = 1 << 20

/** A stored key and what is stored there. */
export type Frame = [Uint8Array, Uint8Array]

/** Reads committed data: the newest, or that of a snapshot. Knows stored keys and frames. */
export class LevelReader {
  readonly #connection: LevelConnection
  readonly #speed: ReadSpeed
  readonly #snapshot: LevelSnapshot | undefined

  constructor(connection: LevelConnection, speed: ReadSpeed, snapshot?: LevelSnapshot) {
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
    return this.#iterate(bounds, query.limit, query.reverse === true)
  }

  /** The first records at or behind a stored key, whatever they are. */
  framesFrom(key: Uint8Array, limit: number): Promise<Frame[]> {
    return this.#iterate(toTheEnd(key), limit, false)
  }

  #iterate(bounds: KeyBounds, limit: number, reverse: boolean): Promise<Frame[]> {
    return this.#connection.read((database) =>
      database
        .iterator({
          ...bounds,
          reverse,
          limit,
          snapshot: this.#snapshot,
          fillCache: this.#snapshot === undefined,
          highWaterMarkBytes: BYTES_PER_TRIP,
        })
        .all(),
    )
  }

  #framesSync(database: LevelDatabase, keys: readonly Uint8Array[]): (Uint8Array | undefined)[] {
    return keys.map((key) => database.getSync(key, { snapshot: this.#snapshot }))
  }

  /** Between two synchronous reads a running batch may land; getMany reads from one moment. */
  #maySync(keys: number): boolean {
    const settled = keys === 1 || this.#snapshot !== undefined || !this.#connection.isWriting
    return settled && keys <= SYNC_KEYS && this.#speed.isFast
  }
}

/** The caller's records of stored ones. Throws StoreDamaged. */
export function openFrames(frames: readonly Frame[]): Entry[] {
  return frames.map(([key, frame]) => ({ key: callerKey(key), ...openFrame(key, frame) }))
}
