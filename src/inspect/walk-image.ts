import { ShortTurns } from '../../storage/short-turns.ts'
import { type IndexEntry, isPlaced, pathOf } from './layer/index-entry.ts'
import type { IndexReader } from './layer/index-reader.ts'
import { childKey } from './layer/sort-keys.ts'
import { parentOf } from './tar/tar-path.ts'

/** One path of an image, with what each of its layers says of it. */
export interface WalkedPath {
  readonly parent: string
  readonly name: string
  /** What is there in the end; undefined when it is gone. */
  readonly entry: IndexEntry | undefined
  /** All that layers ship under this path, base first, each marked when it is still to be seen. */
  readonly versions: readonly {
    readonly layer: number
    readonly entry: IndexEntry
    readonly visible: boolean
  }[]
}

/** Nothing of any layer is to be seen under such a path. */
const NOTHING = Number.POSITIVE_INFINITY

/**
 * Every path of an image in the order of directories, as its layers leave it: all indexes are read once, side by side, and
 * others get their turn in between. Needs memory for the directories that hide what is below them.
 */
export async function* walkImage(layers: readonly (IndexReader | undefined)[]): AsyncGenerator<WalkedPath> {
  const streams: Stream[] = []
  for (const [layer, reader] of layers.entries()) {
    if (reader === undefined) continue
    const groups = groupsOf(reader)
    streams.push({ layer, groups, head: await take(groups) })
  }
  const floors = new Floors()
  const turns = new ShortTurns({ isUrgent: true })
  for (;;) {
    const least = leastKey(streams)
    if (least === undefined) return
    const said: Said[] = []
    for (const stream of streams) {
      // Blocks that are remembered come without a wait, and an image may have one layer thousands of times.
      if (turns.isOver) await turns.rest()
      if (stream.head?.key !== least) continue
      said.push({ layer: stream.layer, entries: stream.head.entries })
      stream.head = await take(stream.groups)
    }
    const walked = settle(said, floors)
    if (walked !== undefined) yield walked
  }
}

interface Group {
  readonly key: string
  readonly entries: IndexEntry[]
}

interface Stream {
  readonly layer: number
  readonly groups: AsyncGenerator<Group>
  head: Group | undefined
}

interface Said {
  readonly layer: number
  readonly entries: readonly IndexEntry[]
}

async function take(groups: AsyncGenerator<Group>): Promise<Group | undefined> {
  const result = await groups.next()
  return result.done === true ? undefined : result.value
}

function leastKey(streams: readonly Stream[]): string | undefined {
  let least: string | undefined
  for (const { head } of streams)
    if (head !== undefined && (least === undefined || head.key < least)) least = head.key
  return least
}

/** Entries of one path together. Nothing else than what has a place. */
async function* groupsOf(reader: IndexReader): AsyncGenerator<Group> {
  let group: Group | undefined
  for await (const entry of reader.from()) {
    if (!isPlaced(entry) || (entry.parent === '' && entry.name === '' && entry.kind === 'dir')) continue
    const key = childKey(entry.parent, entry.name)
    if (group?.key === key) group.entries.push(entry)
    else {
      if (group !== undefined) yield group
      group = { key, entries: [entry] }
    }
  }
  if (group !== undefined) yield group
}

/** Of each directory that hides something: the lowest layer whose content of it is to be seen. */
class Floors {
  readonly #known = new Map<string, number>()

  of(directory: string): number {
    for (let path = directory; ; path = parentOf(path)) {
      const floor = this.#known.get(path)
      if (floor !== undefined) return floor
      if (path === '') return 0
    }
  }

  set(directory: string, floor: number): void {
    if (floor > this.of(directory)) this.#known.set(directory, floor)
  }
}

function settle(said: readonly Said[], floors: Floors): WalkedPath | undefined {
  const first = said[0]?.entries[0]
  if (first === undefined) return undefined
  const { parent, name } = first
  // The mark of an opaque directory has no name, and comes before all that is in it.
  if (name === '') {
    for (const { layer } of said) floors.set(parent, layer)
    return undefined
  }
  const path = new PathState(floors.of(parent))
  for (const one of said) path.apply(one)
  floors.set(pathOf(first), path.floor)
  const versions = path.versions()
  return versions.length === 0 ? undefined : { parent, name, entry: path.standing, versions }
}

/** What one layer ships under a path. */
interface Shipped {
  readonly layer: number
  readonly entry: IndexEntry
}

/** One path while layers are laid over each other, base first. */
class PathState {
  readonly #floor: number
  readonly #shipped: Shipped[] = []
  #base: number
  /** Of all that is shipped, one at most is to be seen. */
  #seen: Shipped | undefined

  constructor(floor: number) {
    this.#floor = floor
    this.#base = floor
  }

  get standing(): IndexEntry | undefined {
    return this.#seen?.entry
  }

  /** The lowest layer whose content of this path as a directory is to be seen. */
  get floor(): number {
    return this.standing?.kind === 'dir' ? this.#base : NOTHING
  }

  versions(): WalkedPath['versions'] {
    return this.#shipped.map((one) => ({ ...one, visible: one === this.#seen }))
  }

  apply({ layer, entries }: Said): void {
    const entry = entries.find(({ kind }) => kind !== 'whiteout')
    if (entries.some(({ kind }) => kind === 'whiteout')) this.#hide(layer, layer)
    if (entry === undefined) return
    if (entry.kind !== 'dir') this.#hide(layer, layer + 1)
    else if (this.standing !== undefined && this.standing.kind !== 'dir') this.#base = layer
    const own = { layer, entry }
    this.#shipped.push(own)
    if (layer >= this.#floor) this.#seen = own
  }

  #hide(layer: number, base: number): void {
    this.#base = Math.max(this.#base, base)
    if (layer >= this.#floor) this.#seen = undefined
  }
}
