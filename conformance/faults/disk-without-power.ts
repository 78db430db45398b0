import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Dice } from '../fixtures/random.ts'
import type { SystemCall } from './system-calls.ts'

/** Bytes that a disk writes at once or not at all. */
const PAGE = 4096

interface File {
  /** What a reader sees. */
  bytes: Buffer
  /** What the disk certainly holds: all that was there when the last sync began. */
  synced: Buffer
  /** What was there at each line of the trace where something was written, to know what a sync has seen. */
  history: { line: number; bytes: Buffer }[]
  /** The name that it was made under: a sync of a new file takes this one along, as on ext4, xfs and btrfs. */
  readonly born: string
}

/**
 * What is lost of names and bytes that were not synced: all of both; all bytes, while each name is there; or some pages,
 * chosen by dice, which hold what was synced of them or zeros. The last is what ext4 (data=ordered with delayed
 * allocation) and xfs leave when they were writing pages in any order as power went.
 */
export type Loss = 'names and bytes' | 'bytes' | 'some pages'

/** A folder on a disk that forgets, when power goes, whatever was not synced: fed with what a program did. */
export class DiskWithoutPower {
  readonly #folder: string
  readonly #names = new Map<string, File>()
  readonly #synced = new Map<string, File>()
  readonly #folders = new Set<string>()
  /** Lines of the trace so far. */
  #line = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Takes what is in the folder now for synced. */
  async load(): Promise<void> {
    this.#folders.add(this.#folder)
    for (const entry of await readdir(this.#folder, { recursive: true, withFileTypes: true })) {
      const at = path.join(entry.parentPath, entry.name)
      if (entry.isDirectory()) this.#folders.add(at)
      if (!entry.isFile()) continue
      const bytes = await readFile(at)
      const file = { bytes, synced: bytes, history: [], born: at }
      this.#names.set(at, file)
      this.#synced.set(at, file)
    }
  }

  /** True when the call changed what a loss of power would leave, or what it could take. */
  apply(call: SystemCall): boolean {
    this.#line = call.ended
    const { name, target, strings, result } = call
    if (result < 0) return false
    const [first, second] = strings.map((one) => one.toString())
    if (name === 'openat') return this.#open(first ?? '', call.rest)
    if (name.startsWith('rename')) return this.#rename(first ?? '', second ?? '')
    if (name.startsWith('unlink')) return this.#inside(first) && this.#names.delete(first ?? '')
    if (name.startsWith('mkdir')) return this.#inside(first) && this.#folders.add(first ?? '').size > 0
    if (!this.#inside(target)) return false
    if (name === 'fsync' || name === 'fdatasync') return this.#sync(target, call.begun)
    const file = this.#names.get(target)
    if (file === undefined) return false
    if (name === 'ftruncate') this.#change(file, resized(file.bytes, lastNumber(call.rest)))
    else this.#write(file, Buffer.concat(strings).subarray(0, result), call)
    return true
  }

  /** Writes to `to` what a loss of power would leave now. */
  async write(to: string, loss: Loss, choices: Dice): Promise<void> {
    for (const folder of this.#folders)
      await mkdir(path.join(to, path.relative(this.#folder, folder)), { recursive: true })
    for (const [at, file] of loss === 'names and bytes' ? this.#synced : this.#names) {
      const bytes = loss === 'some pages' ? somePages(file, choices) : file.synced
      await writeFile(path.join(to, path.relative(this.#folder, at)), bytes)
    }
  }

  /** Throws unless a reader of the folder finds now what this disk thinks: a call that it misread would prove nothing. */
  async expectSeen(): Promise<void> {
    const real = new DiskWithoutPower(this.#folder)
    await real.load()
    for (const at of new Set([...real.#names.keys(), ...this.#names.keys()])) {
      const [here, there] = [this.#names.get(at)?.bytes, real.#names.get(at)?.bytes]
      if (here === undefined || there === undefined)
        throw new Error(`${at} is only ${here ? 'in the trace' : 'on the disk'}`)
      if (!here.equals(there))
        throw new Error(`${at} has ${there.length} bytes, by the trace others: ${here.length}`)
    }
  }

  #inside(at: string | undefined): boolean {
    return at?.startsWith(`${this.#folder}/`) === true || at === this.#folder
  }

  #open(at: string, flags: string): boolean {
    if (!this.#inside(at)) return false
    const known = this.#names.get(at)
    if (known === undefined && flags.includes('O_CREAT')) {
      const empty = Buffer.alloc(0)
      this.#names.set(at, { bytes: empty, synced: empty, history: [], born: at })
      return true
    }
    if (known === undefined || !flags.includes('O_TRUNC')) return false
    this.#change(known, Buffer.alloc(0))
    return true
  }

  #rename(from: string, to: string): boolean {
    const file = this.#names.get(from)
    if (file === undefined) return false
    this.#names.delete(from)
    this.#names.set(to, file)
    return true
  }

  /** A folder's sync keeps its names, a file's its bytes. */
  #sync(at: string, begun: number): boolean {
    const file = this.#names.get(at)
    if (file !== undefined) {
      // Written while the sync was running: it may have missed that.
      const missed = file.history.find(({ line }) => line > begun)
      file.synced = missed?.bytes ?? file.bytes
      file.history = []
      if (file.born === at) this.#synced.set(at, file)
      return true
    }
    const isIn = (name: string): boolean => path.dirname(name) === at
    for (const name of [...this.#synced.keys()].filter(isIn))
      if (!this.#names.has(name)) this.#synced.delete(name)
    for (const [name, one] of this.#names) if (isIn(name)) this.#synced.set(name, one)
    return true
  }

  /** Without a position bytes go behind the last one: nobody here writes a file in any other order. */
  #write(file: File, bytes: Buffer, { name, rest }: SystemCall): void {
    const at = name.startsWith('pw') ? lastNumber(rest) : file.bytes.length
    const whole = resized(file.bytes, Math.max(file.bytes.length, at + bytes.length))
    bytes.copy(whole, at)
    this.#change(file, whole)
  }

  #change(file: File, bytes: Buffer): void {
    file.history.push({ line: this.#line, bytes: file.bytes })
    file.bytes = bytes
  }
}

/** A file of which not every page reached the disk: it ends somewhere between the synced end and the last one. */
function somePages({ bytes, synced }: File, choices: Dice): Buffer {
  if (bytes === synced) return bytes
  const [shorter, longer] = [bytes.length, synced.length].toSorted((one, other) => one - other)
  const left = resized(synced, (shorter ?? 0) + choices.below((longer ?? 0) - (shorter ?? 0) + 1))
  for (let at = 0; at < left.length; at += PAGE) {
    if (choices.below(2) === 0) continue
    const end = Math.min(at + PAGE, left.length)
    left.fill(0, at, end)
    bytes.copy(left, at, at, end)
  }
  return left
}

function resized(bytes: Buffer, length: number): Buffer {
  const copy = Buffer.alloc(length)
  bytes.copy(copy)
  return copy
}

function lastNumber(text: string): number {
  return Number(/(\d+)$/.exec(text)?.[1] ?? 0)
}
