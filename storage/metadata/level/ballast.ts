import { randomBytes } from 'node:crypto'
import { open, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { isNoSpace } from './level-errors.ts'

/** Bytes that opening a LevelDB may write: two logs of 4 MiB again as tables, the manifest, and some to spare. */
export const REOPEN_ROOM = 16 << 20
/** Left free for commits when the ballast is made: else the next commit would need it at once. */
const MARGIN = 8 << 20
const BLOCK = 1 << 20

/**
 * Disk space that is held, to be let go when a full disk has made the database fail: opening it again
 * needs room. While it cannot be held the store accepts no commits.
 */
export interface Ballast {
  /** Holds as much as there is room for; false when that is too little to open the database again. */
  make(): Promise<boolean>
  release(): Promise<void>
  /** Bytes that can be written now. */
  room(): Promise<number>
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
  room: () => Promise.resolve(Number.POSITIVE_INFINITY),
  isWhole: true,
  isEnough: true,
}

/** The file `ballast` in `directory`. When `bytes` do not fit, a half or a quarter is held, so that the collector can still work. */
export class FileBallast implements Ballast {
  readonly #directory: string
  readonly #path: string
  readonly #bytes: number
  readonly #least: number
  #held = 0

  constructor(directory: string, bytes: number) {
    this.#directory = directory
    this.#path = join(directory, 'ballast')
    this.#bytes = bytes
    this.#least = Math.min(bytes, REOPEN_ROOM)
  }

  get isWhole(): boolean {
    return this.#held >= this.#bytes
  }

  get isEnough(): boolean {
    return this.#held >= this.#least
  }

  async make(): Promise<boolean> {
    this.#held = await sizeOf(this.#path)
    for (let size = this.#bytes; size >= this.#least && size > this.#held; size = Math.floor(size / 2)) {
      if ((await this.room()) >= size - this.#held + MARGIN && (await this.#grow(size))) break
    }
    return this.isEnough
  }

  async release(): Promise<void> {
    await rm(this.#path, { force: true })
    this.#held = 0
  }

  async room(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#directory)
    return bavail * bsize
  }

  /** Random bytes, because zeros take no room on file systems that compress. */
  async #grow(size: number): Promise<boolean> {
    const file = await open(this.#path, 'a')
    try {
      const block = randomBytes(BLOCK)
      for (let at = this.#held; at < size; at += BLOCK) {
        await file.appendFile(block.subarray(0, Math.min(BLOCK, size - at)))
      }
      await file.sync()
      this.#held = size
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
