import { randomBytes } from 'node:crypto'
import type { StatsFs } from 'node:fs'
import { open, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isNoSpace } from './level-errors.ts'

/** Bytes that opening a LevelDB may write: two logs of 4 MiB again as tables, the manifest, and some to spare. */
export const REOPEN_ROOM = 16 << 20
/** Files that opening a LevelDB may make: its manifest, logs, tables, and what names them. */
const REOPEN_FILES = 16
/** Left free for commits when the ballast is made: else the next commit would need it at once. */
const MARGIN = 8 << 20
const BLOCK = 1 << 20
/** What is held before the first commit. */
const FIRST = REOPEN_ROOM + MARGIN
/** How long (ms) after that the rest follows: a start has other things to do. */
const REST_AFTER = 2000

/**
 * Disk space that is held, to be let go when a full disk has made the database fail: opening it again
 * needs room. While it cannot be held the store accepts no commits.
 */
export interface Ballast {
  /** Holds what opening the database again needs, and soon as much as there is room for; false: not even the first. */
  make(): Promise<boolean>
  release(): Promise<void>
  /** Ends what `make` has begun; what is held stays. */
  stop(): Promise<void>
  /** Bytes that can be written now; 0 also where no files can be made. */
  room(): Promise<number>
  /** Writes a few bytes and syncs them. Rejects with what the disk says when it takes none. */
  tryDisk(): Promise<void>
  /** All of it is held: `make` has nothing to do. */
  readonly isWhole: boolean
  /** Enough is held to open the database again. */
  readonly isEnough: boolean
}

/**
 * For databases that need no disk.
 * @internal
 */
export const noBallast: Ballast = {
  make: () => Promise.resolve(true),
  release: () => Promise.resolve(),
  stop: () => Promise.resolve(),
  room: () => Promise.resolve(Number.POSITIVE_INFINITY),
  tryDisk: () => Promise.resolve(),
  isWhole: true,
  isEnough: true,
}

interface BallastOptions {
  /** Hears why the rest cannot be held, when that is not for want of room. */
  readonly notice?: (sentence: string, cause: unknown) => void
  /** Milliseconds between the first of it and the rest. */
  readonly restAfter?: number
}

/** The file `ballast` in `directory`. When `bytes` do not fit, less is held, so that the collector can still work. */
export class FileBallast implements Ballast {
  readonly #directory: string
  readonly #path: string
  readonly #bytes: number
  readonly #options: BallastOptions
  #held = 0
  #rest: { readonly done: Promise<void>; readonly end: AbortController } | undefined

  constructor(directory: string, bytes: number, options: BallastOptions = {}) {
    this.#directory = directory
    this.#path = join(directory, 'ballast')
    this.#bytes = bytes
    this.#options = options
  }

  get isWhole(): boolean {
    return this.#held >= this.#bytes
  }

  get isEnough(): boolean {
    return this.#held >= Math.min(this.#bytes, REOPEN_ROOM)
  }

  async make(): Promise<boolean> {
    if (this.#rest !== undefined) return this.isEnough
    this.#held = await sizeOf(this.#path)
    if (!this.isEnough) await this.#growTo([FIRST, REOPEN_ROOM])
    if (this.isEnough && !this.isWhole) this.#holdRest()
    return this.isEnough
  }

  async release(): Promise<void> {
    await this.stop()
    await rm(this.#path, { force: true })
    this.#held = 0
  }

  async stop(): Promise<void> {
    this.#rest?.end.abort()
    await this.#rest?.done
  }

  async room(): Promise<number> {
    return roomIn(await statfs(this.#directory))
  }

  async tryDisk(): Promise<void> {
    const path = join(this.#directory, 'trial')
    const file = await open(path, 'w')
    try {
      await file.write(randomBytes(1))
      await file.sync()
    } finally {
      await file.close()
      await rm(path, { force: true })
    }
  }

  #holdRest(): void {
    const { notice, restAfter = REST_AFTER } = this.#options
    const end = new AbortController()
    const done = sleep(restAfter, undefined, { signal: end.signal, ref: false })
      .then(() => this.#growTo([this.#bytes, Math.floor(this.#bytes / 2)], end.signal))
      .catch((error: unknown) => {
        if (!end.signal.aborted) notice?.(`the rest of ${this.#path} cannot be written`, error)
      })
      .finally(() => {
        this.#rest = undefined
      })
    this.#rest = { done, end }
  }

  /** The first of `sizes`, and no more than is wanted, that there is room for. */
  async #growTo(sizes: readonly number[], end?: AbortSignal): Promise<void> {
    for (const size of sizes.map((one) => Math.min(one, this.#bytes))) {
      if (size <= this.#held) return
      if ((await this.room()) >= size - this.#held + MARGIN && (await this.#grow(size, end))) return
    }
  }

  /** Random bytes, because zeros take no room on file systems that compress. */
  async #grow(size: number, end?: AbortSignal): Promise<boolean> {
    const file = await open(this.#path, 'a')
    try {
      const block = randomBytes(BLOCK)
      let at = this.#held
      for (; at < size; at += BLOCK) {
        if (end?.aborted === true) break
        await file.appendFile(block.subarray(0, Math.min(BLOCK, size - at)))
      }
      await file.sync()
      this.#held = Math.min(at, size)
      return true
    } catch (error) {
      if (!isNoSpace(error)) throw error
      await file.truncate(this.#held)
      return false
    } finally {
      await file.close()
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0
    throw error
  }
}

/** Bytes that can be written where there are so many blocks and files; 0 also where files run out. */
export function roomIn({
  bavail,
  bsize,
  files,
  ffree,
}: Pick<StatsFs, 'bavail' | 'bsize' | 'files' | 'ffree'>): number {
  // Who makes files as they are needed, as btrfs does, says 0 of 0.
  return files > 0 && ffree < REOPEN_FILES ? 0 : bavail * bsize
}
