import { basename, dirname, join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { FailedPath, FileFacts, FileSystem, OpenFile } from './file-system.ts'
import {
  type Directory,
  type Entry,
  type Inode,
  resized,
  type Survival,
  survivingDirectories,
} from './simulated-survival.ts'

/** What goes wrong at one system call, counted from 1. */
export interface Fault {
  readonly call: number
  /** How many calls in a row fail; 1 by default. */
  readonly length?: number
  /** An error code, or the end of the process: this call and all later ones fail. */
  readonly kind: 'ENOSPC' | 'EIO' | 'EMFILE' | 'death'
}

/** Reads and writes do no more than this at once, in bytes, as system calls may. */
const LONGEST_READ = 40
const LONGEST_WRITE = 50

/** A file system in memory that knows what a sync has made durable. */
export class SimulatedDisk implements FileSystem {
  readonly #directories: Map<string, Directory>
  #calls = 0
  #fault: Fault | undefined
  #dead = false
  #fired = false
  #openFiles = 0
  readonly writes: number[] = []

  constructor(directories?: Map<string, Directory>) {
    const root = {
      changed: new Map<string, Entry>(),
      synced: new Map<string, Entry>(),
      lost: new Set<string>(),
    }
    this.#directories = directories ?? new Map([['/', root]])
  }

  /** Counts calls from now on, and fails at the given one. */
  plan(fault: Fault | undefined): void {
    this.#calls = 0
    this.#fault = fault
    this.#fired = false
  }

  /** Whether the planned call has come. */
  get fired(): boolean {
    return this.#fired
  }

  get openFiles(): number {
    return this.#openFiles
  }

  /**
   * The same machine after the process was killed: nothing is lost, nothing more is durable. Names dropped by a
   * failed sync are forgiven here: journalling file systems stop at such a failure, they do not go on.
   */
  restarted(): SimulatedDisk {
    for (const directory of this.#directories.values()) directory.lost.clear()
    return new SimulatedDisk(this.#directories)
  }

  /** A machine that starts on what survived; this one is left as it is. */
  survivor(survival: Survival): SimulatedDisk {
    return new SimulatedDisk(survivingDirectories(this.#directories, survival))
  }

  async open(path: string, flags: 'r' | 'r+' | 'wx'): Promise<OpenFile> {
    return this.#call(() => {
      const { changed } = this.#directory(dirname(path))
      const found = this.#directories.has(path) ? 'directory' : changed.get(basename(path))
      if (flags === 'wx' && found !== undefined) throw systemError('EEXIST')
      if (flags !== 'wx' && found === undefined) throw systemError('ENOENT')
      const entry = found ?? { written: Buffer.alloc(0), synced: Buffer.alloc(0), lost: false }
      if (entry !== 'directory') changed.set(basename(path), entry)
      this.#openFiles++
      return entry === 'directory' ? this.#openDirectory(path) : this.#openFile(entry)
    })
  }

  async rename(from: string, to: string): Promise<void> {
    this.#call(() => {
      const source = this.#directory(dirname(from)).changed
      const target = this.#directory(dirname(to)).changed
      const entry = source.get(basename(from))
      if (entry === undefined) throw systemError('ENOENT')
      // POSIX: two names of one file stay as they are.
      if (target.get(basename(to)) === entry) return
      target.set(basename(to), entry)
      source.delete(basename(from))
    })
  }

  async unlink(path: string): Promise<void> {
    this.#call(() => {
      if (!this.#directory(dirname(path)).changed.delete(basename(path))) throw systemError('ENOENT')
    })
  }

  async unlinkEach(paths: readonly string[]): Promise<readonly FailedPath[]> {
    const failed: FailedPath[] = []
    for (const path of paths) await this.unlink(path).catch((error: unknown) => failed.push({ path, error }))
    return failed
  }

  async share(from: string, to: string): Promise<void> {
    this.#call(() => {
      const entry = this.#directory(dirname(from)).changed.get(basename(from))
      if (entry === undefined) throw systemError('ENOENT')
      this.#directory(dirname(to)).changed.set(basename(to), entry)
    })
  }

  async mkdir(path: string): Promise<string | undefined> {
    return this.#call(() => this.#makeDirectory(path))
  }

  async mkdirEach(parent: string, names: readonly string[]): Promise<void> {
    for (const name of names) await this.mkdir(join(parent, name))
  }

  async *names(path: string): AsyncIterable<string> {
    const names = this.#call(() => [...this.#directory(path).changed.keys()])
    yield* names
  }

  async stat(path: string): Promise<FileFacts> {
    return this.#call(() => {
      const entry = this.#directory(dirname(path)).changed.get(basename(path))
      if (entry === undefined) throw systemError('ENOENT')
      return { size: entry === 'directory' ? 0 : entry.written.length, mtime: new Date() }
    })
  }

  async freeBytes(): Promise<number> {
    return this.#call(() => 1_000_000)
  }

  #openFile(inode: Inode): OpenFile {
    const descriptor = { open: true }
    return {
      ...this.#closable(descriptor),
      read: async (buffer, offset, length, position) =>
        this.#call(() =>
          inode.written.copy(buffer, offset, position, position + Math.min(length, LONGEST_READ)),
        ),
      write: async (buffer, offset, length, position) => {
        const put = (count: number): number => {
          const bytes = buffer.subarray(offset, offset + count)
          inode.written = Buffer.concat([resized(inode.written, position), bytes])
          this.writes.push(count)
          return count
        }
        return this.#call(
          () => put(Math.min(length, LONGEST_WRITE)),
          () => put(Math.min(length, LONGEST_WRITE) >> 1),
        )
      },
      truncate: async (length) => this.#call(() => void (inode.written = resized(inode.written, length))),
      sync: () => this.#sync(descriptor, inode),
      datasync: () => this.#sync(descriptor, inode),
      size: async () => this.#call(() => inode.written.length),
    }
  }

  /** Takes its time, so that a descriptor closed meanwhile shows. */
  async #sync(descriptor: { readonly open: boolean }, synced: Inode | Directory): Promise<void> {
    await turn()
    if (!descriptor.open) throw systemError('EBADF')
    if ('written' in synced) this.#call(...fileSync(synced))
    else this.#call(...directorySync(synced))
  }

  #openDirectory(path: string): OpenFile {
    const refuse = async (): Promise<never> => {
      throw systemError('EISDIR')
    }
    const descriptor = { open: true }
    const sync = (): Promise<void> => this.#sync(descriptor, this.#directory(path))
    return {
      ...this.#closable(descriptor),
      sync,
      read: refuse,
      write: refuse,
      truncate: refuse,
      datasync: refuse,
      size: refuse,
    }
  }

  #closable(descriptor: { open: boolean }): Pick<OpenFile, 'close'> {
    return {
      close: async () => {
        if (!descriptor.open) throw systemError('EBADF')
        // As on Linux, the descriptor is free again even when close reports an error.
        descriptor.open = false
        this.#openFiles--
        this.#call(() => undefined)
      },
    }
  }

  #makeDirectory(path: string): string | undefined {
    if (this.#directories.has(path)) return undefined
    const topmost = this.#makeDirectory(dirname(path))
    this.#directory(dirname(path)).changed.set(basename(path), 'directory')
    this.#directories.set(path, { changed: new Map(), synced: new Map(), lost: new Set() })
    return topmost ?? path
  }

  #directory(path: string): Directory {
    const directory = this.#directories.get(path)
    if (directory === undefined) throw systemError('ENOENT')
    return directory
  }

  /** Every system call comes through here. `partly` is what is done of a call that fails. */
  #call<Result>(whole: () => Result, partly?: (kind: Fault['kind']) => unknown): Result {
    if (this.#dead) throw systemError('EIO')
    this.#calls++
    if (this.#fault === undefined || this.#calls < this.#fault.call) return whole()
    if (this.#calls >= this.#fault.call + (this.#fault.length ?? 1)) return whole()
    this.#fired = true
    const { kind } = this.#fault
    this.#dead = kind === 'death'
    partly?.(kind)
    throw systemError(this.#dead ? 'EIO' : kind)
  }
}

/** What a sync does, and what a failing one does. One that a kill interrupts loses nothing. */
type Sync = readonly [() => void, (kind: Fault['kind']) => void]

function fileSync(inode: Inode): Sync {
  const sync = (): void => {
    if (!inode.lost) inode.synced = Buffer.from(inode.written)
  }
  const fail = (kind: Fault['kind']): void => {
    if (kind !== 'death') inode.lost = true
  }
  return [sync, fail]
}

function directorySync(directory: Directory): Sync {
  const sync = (): void => {
    directory.synced = new Map([...directory.changed].filter(([name]) => !directory.lost.has(name)))
  }
  const fail = (kind: Fault['kind']): void => {
    const dropped = [...directory.changed.keys()].filter((name) => !directory.synced.has(name))
    if (kind !== 'death') for (const name of dropped) directory.lost.add(name)
  }
  return [sync, fail]
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code })
}
