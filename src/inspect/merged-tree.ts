import { ShortTurns } from '../../storage/short-turns.ts'
import { FLAG, type IndexEntry, isPlaced } from './layer/index-entry.ts'
import type { IndexReader } from './layer/index-reader.ts'
import { nameOf, parentOf } from './tar/tar-path.ts'

/** What the layers that are asked about, or the last one, did to a path, against all below. */
export type ChangeState = 'added' | 'changed' | 'metadata' | 'removed' | 'same'

/** One name in a directory of several layers laid over each other. */
export interface MergedEntry {
  readonly entry: IndexEntry
  /** Index of the layer that wrote it last; of something removed, of the layer that removed it. */
  readonly layer: number
  /** The layer that wrote it before that, of those below. */
  readonly before: number | undefined
  readonly state: ChangeState
  /** Of a directory: what the layers from the one that begins it, or those asked about, ship in it, hidden bytes included. */
  readonly shipped: { readonly bytes: number; readonly files: number } | undefined
}

export interface MergeQuery {
  /** Indexes of the layers, base first; undefined for a layer that has none. */
  readonly layers: readonly (IndexReader | undefined)[]
  readonly path: string
  /** First name that is given. */
  readonly from: string
  /** The first of the layers that are asked about: what they touched is given, and what they did to it together. */
  readonly since?: number | undefined
}

/**
 * A directory of an image by name, as its layers leave it (image-spec "Applying Changesets"), with what is gone. Reads
 * only the blocks of this directory and of those above it. Undefined: it is no directory.
 */
export async function mergedDirectory(query: MergeQuery): Promise<AsyncGenerator<MergedEntry> | undefined> {
  // Blocks that are remembered come without a wait, and an image may have one layer thousands of times.
  const turns = new ShortTurns({ isUrgent: true })
  const floors = await visibleFrom(query.layers, query.path, turns)
  return floors === undefined ? undefined : mergeNames(query, floors, turns)
}

/**
 * The lowest layer whose content of a directory is still visible: opaque marks, whiteouts and other things in its place,
 * of the directory and of those above it, hide what is below. Undefined: it is no directory in the end.
 */
async function visibleFrom(
  layers: readonly (IndexReader | undefined)[],
  path: string,
  turns: ShortTurns,
): Promise<number | undefined> {
  let floor = 0
  const steps = path === '' ? [] : path.split('/')
  for (let depth = 0; depth <= steps.length; depth++) {
    const directory = steps.slice(0, depth).join('/')
    const found = await floorOf(layers, { directory, floor }, turns)
    if (found === undefined) return undefined
    floor = found
  }
  return floor
}

async function floorOf(
  layers: readonly (IndexReader | undefined)[],
  { directory, floor }: { readonly directory: string; readonly floor: number },
  turns: ShortTurns,
): Promise<number | undefined> {
  let [base, exists] = [floor, directory === '']
  for (const [index, layer] of layers.entries()) {
    if (index < floor || layer === undefined) continue
    if (turns.isOver) await turns.rest()
    const here = directory === '' ? [] : await layer.at(parentOf(directory), nameOf(directory))
    const placed = here.filter(isPlaced)
    const own = placed.find(({ kind }) => kind !== 'whiteout')
    if (placed.some(({ kind }) => kind === 'whiteout')) [base, exists] = [index, false]
    if (own !== undefined && own.kind !== 'dir') [base, exists] = [index + 1, false]
    if (own?.kind === 'dir') {
      // A directory over something that is none begins anew: nothing below it was in it.
      if (!exists) base = Math.max(base, index)
      exists = true
    }
    if (await isOpaque(layer, directory)) base = Math.max(base, index)
  }
  return exists ? base : undefined
}

/** The mark of an opaque directory has no name, and is thus the first in it. */
async function isOpaque(layer: IndexReader, directory: string): Promise<boolean> {
  for await (const entry of layer.directory(directory)) {
    if (entry.name !== '') return false
    if (entry.kind === 'opaque') return true
  }
  return false
}

/** One layer's names of a directory, those with several entries together. */
async function* namesOf(layer: IndexReader, path: string, from: string): AsyncGenerator<IndexEntry[]> {
  let group: IndexEntry[] = []
  for await (const entry of layer.directory(path, from)) {
    if (entry.name === '' || !isPlaced(entry)) continue
    if (group[0] !== undefined && group[0].name !== entry.name) {
      yield group
      group = []
    }
    group.push(entry)
  }
  if (group.length > 0) yield group
}

interface Stream {
  readonly layer: number
  readonly names: AsyncGenerator<IndexEntry[]>
  head: IndexEntry[] | undefined
}

async function* mergeNames(
  { layers, path, from, since }: MergeQuery,
  floor: number,
  turns: ShortTurns,
): AsyncGenerator<MergedEntry> {
  const streams: Stream[] = []
  for (const [layer, reader] of layers.entries()) {
    if (reader === undefined) continue
    if (turns.isOver) await turns.rest()
    const names = namesOf(reader, path, from)
    streams.push({ layer, names, head: await next(names) })
  }
  for (;;) {
    const heads = streams.flatMap(({ head }) => head?.[0]?.name ?? [])
    const name = heads.reduce<string | undefined>(
      (least, one) => (least === undefined || one < least ? one : least),
      undefined,
    )
    if (name === undefined) return
    const versions: Version[] = []
    for (const stream of streams) {
      if (turns.isOver) await turns.rest()
      if (stream.head?.[0]?.name !== name) continue
      versions.push({ layer: stream.layer, entries: stream.head, visible: stream.layer >= floor })
      stream.head = await next(stream.names)
    }
    const merged = mergeVersions(versions, { top: layers.length - 1, floor, since })
    if (merged !== undefined && lastIn(versions, merged) >= (since ?? 0)) yield merged
  }
}

/** The last layer that says something of a name, or hides it along with what it is in. */
function lastIn(versions: readonly Version[], { layer }: MergedEntry): number {
  return versions.reduce((last, version) => Math.max(last, version.layer), layer)
}

async function next(names: AsyncGenerator<IndexEntry[]>): Promise<IndexEntry[] | undefined> {
  const result = await names.next()
  return result.done === true ? undefined : result.value
}

/** What one layer says of a name. */
interface Version {
  readonly layer: number
  readonly entries: readonly IndexEntry[]
  /** Whether the directory's content of this layer is still to be seen. */
  readonly visible: boolean
}

/** Applies what each layer says of one name, base first. Undefined: it was never more than a whiteout of nothing. */
function mergeVersions(
  versions: readonly Version[],
  { top, floor, since }: { readonly top: number; readonly floor: number; readonly since: number | undefined },
): MergedEntry | undefined {
  const asked = since ?? top
  let now: Standing | undefined
  let below: IndexEntry | undefined
  let gone: { entry: IndexEntry; layer: number; before: number } | undefined
  for (const { layer, entries, visible } of versions) {
    const own = entries.find(({ kind }) => kind !== 'whiteout')
    const whiteout = entries.some(({ kind }) => kind === 'whiteout')
    if (whiteout && now !== undefined) {
      gone = { entry: now.entry, layer, before: now.layer }
      now = undefined
      below = undefined
    }
    if (own === undefined) continue
    if (!visible) gone = { entry: own, layer: Math.min(floor, top), before: layer }
    else {
      now = standing(now, own, { layer, isCounted: layer >= (since ?? 0) })
      gone = undefined
    }
    if (layer < asked) below = now?.entry
  }
  if (now !== undefined) return merged(now, below, asked)
  return gone && { ...gone, state: 'removed', shipped: undefined }
}

interface Standing {
  readonly entry: IndexEntry
  readonly layer: number
  readonly before: { readonly entry: IndexEntry; readonly layer: number } | undefined
  readonly bytes: number
  readonly files: number
}

function standing(
  below: Standing | undefined,
  entry: IndexEntry,
  { layer, isCounted }: { readonly layer: number; readonly isCounted: boolean },
): Standing {
  const sum = entry.kind === 'dir' && below?.entry.kind === 'dir' ? below : { bytes: 0, files: 0 }
  const own = isCounted ? entry.totals : undefined
  const bytes = sum.bytes + (own?.bytes ?? 0)
  const files = sum.files + (own?.files ?? 0)
  // A directory that is only implied has no attributes of its own: those of the layer below stay.
  if (below?.entry.kind === 'dir' && entry.kind === 'dir' && (entry.flags & FLAG.implied) !== 0)
    return { ...below, bytes, files }
  return { entry, layer, before: below && { entry: below.entry, layer: below.layer }, bytes, files }
}

/** `below`: what was there before the layers from `asked` on. */
function merged(
  { entry, layer, before, bytes, files }: Standing,
  below: IndexEntry | undefined,
  asked: number,
): MergedEntry {
  return {
    entry,
    layer,
    before: before?.layer,
    state: layer >= asked ? changeOf(below, entry) : 'same',
    shipped: entry.kind === 'dir' ? { bytes, files } : undefined,
  }
}

/** What the change from one entry to another is: of content, of attributes alone, or none. */
export function changeOf(before: IndexEntry | undefined, after: IndexEntry): ChangeState {
  if (before === undefined) return 'added'
  if (!sameContent(before, after)) return 'changed'
  return sameAttributes(before, after) ? 'same' : 'metadata'
}

function sameContent(a: IndexEntry, b: IndexEntry): boolean {
  if (a.kind !== b.kind || a.size !== b.size || a.linkname !== b.linkname) return false
  if (a.device?.join() !== b.device?.join()) return false
  return (
    a.sha256 === b.sha256 || (a.sha256 !== undefined && b.sha256 !== undefined && a.sha256.equals(b.sha256))
  )
}

function sameAttributes(a: IndexEntry, b: IndexEntry): boolean {
  return (
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.mtime === b.mtime &&
    JSON.stringify(a.xattrs) === JSON.stringify(b.xattrs)
  )
}
