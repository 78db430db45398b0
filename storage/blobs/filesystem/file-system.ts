import { constants, mkdirSync } from 'node:fs'
import { copyFile, link, open, opendir, rename, stat, statfs, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { makeDirectory } from '../../make-directory.ts'
import { unlinkAside } from './unlink-thread.ts'

/** The system calls that the filesystem driver makes, and no others: tests put faults and power loss here. */
export interface FileSystem {
  open(path: string, flags: 'r' | 'r+' | 'wx'): Promise<OpenFile>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** Removes many files; gives those that could not be, each with why. */
  unlinkEach(paths: readonly string[]): Promise<readonly FailedPath[]>
  /** Gives the file a second name; a synced copy where that is impossible, in another file system. */
  share(from: string, to: string): Promise<void>
  /** Makes the directory and its missing parents; gives the topmost one made, undefined when all were there. */
  mkdir(path: string): Promise<string | undefined>
  /** Makes directories of these names in `parent`, which is there. */
  mkdirEach(parent: string, names: readonly string[]): Promise<void>
  /** Names in a directory, read piece by piece. */
  names(path: string): AsyncIterable<string>
  stat(path: string): Promise<FileFacts>
  /** Bytes that this process may still write. */
  freeBytes(path: string): Promise<number>
}

export interface FailedPath {
  readonly path: string
  readonly error: unknown
}

export interface FileFacts {
  readonly size: number
  readonly mtime: Date
}

/** An open file. Reads and writes may do less than was asked, as the system calls do. */
export interface OpenFile {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number>
  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number>
  truncate(length: number): Promise<void>
  sync(): Promise<void>
  datasync(): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

/** Made before others have their turn. */
const DIRECTORIES_AT_ONCE = 16

/** The machine's own file system. */
export const nodeFileSystem: FileSystem = {
  open: openFile,
  rename,
  unlink,
  unlinkEach,
  share,
  mkdir: (path) => makeDirectory(path),
  // On this thread: handing hundreds of them to others takes ten times the processor time of making them.
  async mkdirEach(parent, directories) {
    for (const [index, name] of directories.entries()) {
      mkdirSync(join(parent, name), { recursive: true })
      if (index % DIRECTORIES_AT_ONCE === 0) await turn()
    }
  },
  names,
  stat,
  async freeBytes(path) {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  },
}

/** So few are not worth a thread of their own. */
const FEW = 16

async function unlinkEach(paths: readonly string[]): Promise<readonly FailedPath[]> {
  if (paths.length <= FEW) return unlinkHere(paths)
  const failed = await unlinkAside(paths)
  return failed.map(({ path, code, message }) => ({
    path,
    error: Object.assign(new Error(message), code !== undefined && { code }),
  }))
}

async function unlinkHere(paths: readonly string[]): Promise<readonly FailedPath[]> {
  const failed: FailedPath[] = []
  const removed = paths.map((path) =>
    unlink(path).catch((error: unknown) => void failed.push({ path, error })),
  )
  await Promise.all(removed)
  return failed
}

const NO_LINKS: ReadonlySet<unknown> = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP'])

async function share(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || !NO_LINKS.has(error.code)) throw error
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    const copy = await open(to, 'r+')
    try {
      await copy.sync()
    } finally {
      await copy.close()
    }
  }
}

/** Of a file that is none, such as a pipe, opening waits for another process, and keeps one of the few threads for good. */
const READ_AT_ONCE = constants.O_RDONLY | constants.O_NONBLOCK

async function openFile(path: string, flags: 'r' | 'r+' | 'wx'): Promise<OpenFile> {
  const handle = await open(path, flags === 'r' ? READ_AT_ONCE : flags)
  return {
    async read(buffer, offset, length, position) {
      const { bytesRead } = await handle.read(buffer, offset, length, position)
      return bytesRead
    },
    async write(buffer, offset, length, position) {
      const { bytesWritten } = await handle.write(buffer, offset, length, position)
      return bytesWritten
    },
    truncate: (length) => handle.truncate(length),
    sync: () => handle.sync(),
    datasync: () => handle.datasync(),
    async size() {
      const { size } = await handle.stat()
      return size
    },
    close: () => handle.close(),
  }
}

async function* names(path: string): AsyncIterable<string> {
  const directory = await opendir(path, { bufferSize: 256 })
  for await (const entry of directory) yield entry.name
}
