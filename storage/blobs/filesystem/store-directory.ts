import { dirname, join } from 'node:path'
import type { BlobLocation } from '../blob-store.ts'
import { FileMissing } from './file-errors.ts'
import type { FileFacts, FileSystem, OpenFile } from './file-system.ts'
import { syncDirectory } from './skeleton.ts'

/** File operations by path below the store's directory, where a file that is missing is an answer. */
export class StoreDirectory {
  readonly #fs: FileSystem
  readonly #directory: string

  /** `fs` fails with store errors only. */
  constructor(fs: FileSystem, directory: string) {
    this.#fs = fs
    this.#directory = directory
  }

  async createEmpty(path: string): Promise<void> {
    const file = await this.#fs.open(this.pathOf(path), 'wx')
    await file.close()
  }

  openIfThere(path: string, flags: 'r' | 'r+'): Promise<OpenFile | undefined> {
    return undefinedIfMissing(() => this.#fs.open(this.pathOf(path), flags))
  }

  factsIfThere(path: string): Promise<FileFacts | undefined> {
    return undefinedIfMissing(() => this.#fs.stat(this.pathOf(path)))
  }

  unlinkIfThere(path: string): Promise<void> {
    return undefinedIfMissing(() => this.#fs.unlink(this.pathOf(path)))
  }

  /** Gives those of `paths` that are still there, each with why. */
  async unlinkThoseThere<Path extends string>(
    paths: readonly Path[],
  ): Promise<readonly { readonly path: Path; readonly error: unknown }[]> {
    const byFull = new Map(paths.map((path) => [this.pathOf(path), path]))
    const failed = await this.#fs.unlinkEach([...byFull.keys()])
    return failed.flatMap(({ path: full, error }) => {
      const path = byFull.get(full)
      return path === undefined || error instanceof FileMissing ? [] : [{ path, error }]
    })
  }

  /** False when there is no file at `path`; `to` lies outside the store. */
  async shareIfThere(path: string, to: string): Promise<boolean> {
    const shared = await undefinedIfMissing(async () => {
      await this.#fs.share(this.pathOf(path), to)
      return true
    })
    return shared === true
  }

  rename(from: string, to: string): Promise<void> {
    return this.#fs.rename(this.pathOf(from), this.pathOf(to))
  }

  names(path: string): AsyncIterable<string> {
    return this.#fs.names(this.pathOf(path))
  }

  /** Makes the blob's name survive power loss. */
  syncName(location: BlobLocation): Promise<void> {
    return syncDirectory(this.#fs, dirname(this.pathOf(location)))
  }

  freeBytes(): Promise<number> {
    return this.#fs.freeBytes(this.#directory)
  }

  pathOf(path: string): string {
    return join(this.#directory, path)
  }
}

/** Gives what `use` gives. When it fails, nobody else will close the file. */
export async function closeOnError<Result>(file: OpenFile, use: () => Promise<Result>): Promise<Result> {
  try {
    return await use()
  } catch (error) {
    await file.close()
    throw error
  }
}

async function undefinedIfMissing<Result>(call: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof FileMissing) return undefined
    throw error
  }
}
