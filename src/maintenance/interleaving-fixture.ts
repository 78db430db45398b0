import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import { type MemoryBlobs, openMemoryBlobStore } from '../../storage/blobs/memory/memory-blob-store.ts'
import {
  type Check,
  type Commit,
  type Entry,
  MetadataConflict,
  type MetadataStore,
  type RangeQuery,
} from '../../storage/metadata/metadata-store.ts'

/**
 * Runs a few actors over stores in memory, one store operation at a time, in an order that a schedule dictates; and
 * explores all orders, or all with few switches between actors.
 */

/** The stores' contents at one moment, to begin again from. */
export interface Contents {
  readonly records: ReadonlyMap<string, Entry>
  readonly version: bigint
  readonly blobs: MemoryBlobs
}

const nameOf = (key: Uint8Array): string => Buffer.from(key).toString('latin1')

/** A metadata store that answers at once: a map, and its keys in order. */
export class PlainStore implements MetadataStore {
  readonly #records: Map<string, Entry>
  #version: bigint

  constructor(contents?: Pick<Contents, 'records' | 'version'>) {
    this.#records = new Map(contents?.records)
    this.#version = contents?.version ?? 0n
  }

  get contents(): Pick<Contents, 'records' | 'version'> {
    return { records: new Map(this.#records), version: this.#version }
  }

  /** The same for the same records, whatever their order of arrival. */
  get digest(): string {
    const hash = createHash('sha1')
    for (const [key, { value }] of [...this.#records].sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(key, 'latin1')
      hash.update(value)
    }
    return hash.digest('base64')
  }

  async read(keys: readonly Uint8Array[]) {
    return keys.map((key) => this.#records.get(nameOf(key)))
  }

  async range(query: RangeQuery): Promise<Entry[]> {
    return this.#range(query)
  }

  #range({ prefix, from, limit, reverse = false }: RangeQuery): Entry[] {
    const [start, bound] = [nameOf(prefix), from === undefined ? undefined : nameOf(from)]
    const inside = (key: string) =>
      key.startsWith(start) && (bound === undefined || (reverse ? key < bound : key >= bound))
    const found = [...this.#records].filter(([key]) => inside(key)).sort(([a], [b]) => (a < b ? -1 : 1))
    if (reverse) found.reverse()
    return found.slice(0, limit).map(([, entry]) => entry)
  }

  /** In one turn: between its checks and its writes nobody else commits. */
  async commit({ checks, sets, deletes }: Commit): Promise<void> {
    if (!checks.every((check) => this.#holds(check))) throw new MetadataConflict('a check does not hold')
    for (const key of deletes) this.#records.delete(nameOf(key))
    for (const { key, value } of sets) {
      this.#version += 1n
      this.#records.set(nameOf(key), { key, value, version: this.#version })
    }
  }

  #holds(check: Check): boolean {
    if (check.kind === 'version') return this.#records.get(nameOf(check.key))?.version === check.version
    if (check.kind === 'exists') return this.#records.has(nameOf(check.key))
    const now = this.#range({ prefix: check.prefix, limit: check.entries.length + 1 })
    return (
      now.length === check.entries.length &&
      now.every(({ key, version }, at) => {
        const expected = check.entries[at]
        return expected?.version === version && nameOf(expected.key) === nameOf(key)
      })
    )
  }

  async snapshot(): Promise<MetadataStore> {
    return new PlainStore(this.contents)
  }

  async close(): Promise<void> {
    await Promise.resolve()
  }
}

/** Stores over a copy of `contents`. */
export function openContents(contents: Contents): {
  metadata: PlainStore
  blobs: BlobStore
  stored: Contents['blobs']
} {
  const stored = { uploads: new Map(contents.blobs.uploads), blobs: new Map(contents.blobs.blobs) }
  return { metadata: new PlainStore(contents), blobs: openMemoryBlobStore(stored), stored }
}

const acting = new AsyncLocalStorage<Actor>()

/** Random bytes that are the same in each run: by who asks, and how often. */
export function scheduledRandom(): string {
  const actor = acting.getStore()
  const count = actor === undefined ? (outside += 1) : (actor.asked += 1)
  return createHash('md5')
    .update(`${actor?.name ?? 'outside'} ${count}`)
    .digest('hex')
}
let outside = 0

interface Actor {
  readonly name: string
  /** Operations that wait for their turn. */
  readonly waiting: (() => void)[]
  /** All that it was told so far. */
  history: string
  asked: number
  done: boolean
}

/** One store operation of an actor: waits for its turn, and remembers the answer. */
async function inTurn<Result>(operation: () => Promise<Result>): Promise<Result> {
  const actor = acting.getStore()
  if (actor === undefined) return operation()
  await new Promise<void>((resolve) => actor.waiting.push(resolve))
  try {
    const result = await operation()
    remember(actor, result)
    return result
  } catch (error) {
    remember(actor, String(error))
    throw error
  }
}

function remember(actor: Actor, result: unknown): void {
  const text = JSON.stringify([result], (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  actor.history = createHash('md5').update(actor.history).update(text).digest('base64')
}

function takingTurns({ metadata, blobs }: { metadata: MetadataStore; blobs: BlobStore }) {
  const slow: MetadataStore = {
    read: (keys) => inTurn(() => metadata.read(keys)),
    range: (query) => inTurn(() => metadata.range(query)),
    commit: (commit) => inTurn(() => metadata.commit(commit)),
    snapshot: () => inTurn(() => metadata.snapshot()),
    close: () => metadata.close(),
  }
  const slowBlobs: BlobStore = {
    read: (...args) => blobs.read(...args),
    readMany: (...args) => blobs.readMany(...args),
    presign: (...args) => blobs.presign(...args),
    size: (location) => inTurn(() => blobs.size(location)),
    remove: (location) => inTurn(() => blobs.remove(location)),
    removeMany: (locations) => inTurn(() => blobs.removeMany(locations)),
    list: () => blobs.list(),
    uploads: () => blobs.uploads(),
    create: (id) => blobs.create(id),
    append: (...args) => blobs.append(...args),
    readUpload: (...args) => blobs.readUpload(...args),
    complete: (...args) => inTurn(() => blobs.complete(...args)),
    abort: (state) => inTurn(() => blobs.abort(state)),
    readsUploads: blobs.readsUploads,
    freeBytes: () => blobs.freeBytes(),
    check: () => blobs.check(),
    close: () => blobs.close(),
  }
  return { metadata: slow, blobs: slowBlobs }
}

/** What actors do; gives what it told its client. Never rejects: what failed is an outcome, too. */
export type Act = (stores: { metadata: MetadataStore; blobs: BlobStore }) => Promise<string>

/** One way that it can go: who did what, and what is stored at the end. */
export interface End {
  /** Outcome of each actor. */
  readonly outcomes: Readonly<Record<string, string>>
  /** Indexes of the actors, in the order of their operations. */
  readonly schedule: readonly number[]
  readonly contents: Contents
}

/** Gives everything that has nothing to wait for the time to go on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export interface Exploration {
  readonly orders: number
  readonly states: number
}

/**
 * Explores the orders of the actors' store operations, up to `mostSwitches` changes from one to another, and hands each
 * end to `check`. A state that was met before, with the same things told to the same actors, is not gone on from again.
 */
export async function explore(
  contents: Contents,
  acts: Readonly<Record<string, Act>>,
  check: (end: End) => Promise<void>,
  mostSwitches = Number.POSITIVE_INFINITY,
): Promise<Exploration> {
  const seen = new Set<string>()
  const open: number[][] = [[]]
  let orders = 0
  for (let prefix = open.pop(); prefix !== undefined; prefix = open.pop()) {
    const end = await play(contents, acts, { prefix, seen, open, mostSwitches })
    if (end === undefined) continue
    orders += 1
    await check(end)
  }
  return { orders, states: seen.size }
}

interface Search {
  readonly prefix: readonly number[]
  readonly seen: Set<string>
  readonly open: number[][]
  readonly mostSwitches: number
}

/** Runs the actors in the order of the prefix, then on, leaving the other ways for later. Undefined: was here before. */
async function play(
  contents: Contents,
  acts: Readonly<Record<string, Act>>,
  search: Search,
): Promise<End | undefined> {
  const stores = openContents(contents)
  const outcomes: Record<string, string> = {}
  const actors = startActors(acts, takingTurns(stores), outcomes)
  const schedule: number[] = []
  let switches = 0
  for (;;) {
    await settled()
    const able = actors.flatMap(({ waiting }, index) => (waiting.length > 0 ? [index] : []))
    if (able.length === 0) break
    const last = schedule.at(-1)
    const goesOn = last !== undefined && able.includes(last)
    const state = () => [
      stores.metadata.digest,
      ...actors.map(({ history, waiting }) => `${history}${waiting.length}`),
    ]
    const next = search.prefix[schedule.length] ?? chooseNext(search, { able, schedule, switches, state })
    if (next === undefined) return undefined
    if (goesOn && next !== last) switches += 1
    schedule.push(next)
    actors[next]?.waiting.shift()?.()
  }
  const stuck = actors.find(({ done }) => !done)
  if (stuck !== undefined) throw new Error(`${stuck.name} waits for something that is no store operation`)
  return { outcomes, schedule, contents: { ...stores.metadata.contents, blobs: stores.stored } }
}

function startActors(
  acts: Readonly<Record<string, Act>>,
  stores: Parameters<Act>[0],
  outcomes: Record<string, string>,
): Actor[] {
  return Object.entries(acts).map(([name, act]) => {
    const actor: Actor = { name, waiting: [], history: '', asked: 0, done: false }
    void acting.run(actor, async () => {
      outcomes[name] = await act(stores).catch((error: unknown) => `rejected: ${String(error)}`)
      actor.done = true
    })
    return actor
  })
}

interface Crossing {
  readonly able: readonly number[]
  readonly schedule: readonly number[]
  readonly switches: number
  readonly state: () => readonly string[]
}

/** Who goes next: the one who went last, if it can. The others are left for later, as far as switches allow. */
function chooseNext(search: Search, { able, schedule, switches, state }: Crossing): number | undefined {
  const last = schedule.at(-1)
  const left = search.mostSwitches - switches
  const key = [...state(), Number.isFinite(left) ? `${left} ${last}` : ''].join('|')
  if (search.seen.has(key)) return undefined
  search.seen.add(key)
  const [next, ...others] = [...able].sort((a, b) => Number(b === last) - Number(a === last))
  if (next !== last || left > 0) for (const other of others) search.open.push([...schedule, other])
  return next
}
