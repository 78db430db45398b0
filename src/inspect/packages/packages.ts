import { setImmediate } from 'node:timers/promises'
import type { IndexEntry } from '../layer/index-entry.ts'
import type { IndexReader } from '../layer/index-reader.ts'
import { type Package, type PackageFile, type PackagePath, packageFilesIn } from './package-files.ts'
import { IN_ONE_TURN, MOST_PACKAGES, packagesIn } from './package-lists.ts'

/** Reads files of one layer, in one go; undefined for what is not read. */
export type ReadFiles = (
  layer: number,
  files: readonly IndexEntry[],
) => Promise<readonly (Buffer | undefined)[]>

export interface Packages {
  readonly packages: readonly PackagePath[]
  /** Files that say which packages there are, and were too large, or not of their form. */
  readonly unread: readonly { readonly path: string; readonly layer: number }[]
  /** More than are given. */
  readonly more: boolean
}

/** Bytes of a file that is read: a list of a whole system, and what one package says of itself. */
const LIST = 32 * 1024 * 1024
const ONE = 1024 * 1024
/** Bytes that are read of an image. */
const ALL = 128 * 1024 * 1024
/** Packages of all its lists together, as each layer has them. */
const ALL_PACKAGES = 200_000

type List = readonly Package[]

/** F21: the packages of an image, each with the layer that brought it, by type and name. */
export async function packagesOf(
  layers: readonly (IndexReader | undefined)[],
  read: ReadFiles,
): Promise<Packages> {
  const { files, known, more } = await packageFilesIn(layers)
  const { lists, isCut } = await readLists(files, read)
  const packages: PackagePath[] = [...known]
  const unread: { path: string; layer: number }[] = []
  for (const { form, path, versions } of files) {
    const own = versions.map(({ entry }) => lists.get(entry))
    const [last, layer] = [own.at(-1), versions.at(-1)?.layer ?? 0]
    if (last !== undefined)
      for (const one of last) packages.push({ ...one, path, layer: broughtBy(one, own, versions) })
    // What a package ships for its own tests is no loss.
    else if (form !== 'npm') unread.push({ path, layer })
  }
  return {
    packages: packages.toSorted(byName).slice(0, MOST_PACKAGES),
    unread,
    more: more || isCut || packages.length > MOST_PACKAGES,
  }
}

/** What each file says, layer by layer: of what was read only the packages are held. */
async function readLists(
  files: readonly PackageFile[],
  read: ReadFiles,
): Promise<{ readonly lists: ReadonlyMap<IndexEntry, List>; readonly isCut: boolean }> {
  const lists = new Map<IndexEntry, List>()
  let [left, room, isCut, unrested] = [ALL, ALL_PACKAGES, false, 0]
  for (const [layer, shipped] of byLayer(files)) {
    const wanted = shipped
      .toSorted((a, b) => a.entry.contentOffset - b.entry.contentOffset)
      .filter(({ form, entry: { size } }) => {
        const fits = size <= left && size <= (form === 'npm' ? ONE : LIST)
        isCut ||= size > left
        left -= fits ? size : 0
        return fits
      })
    for (const portion of portionsOf(wanted)) {
      const contents = await read(
        layer,
        portion.map(({ entry }) => entry),
      )
      for (const [index, { form, entry }] of portion.entries()) {
        const content = contents[index]
        const list = content && (await packagesIn(form, content))
        if (list !== undefined && list.length <= room) lists.set(entry, list)
        isCut ||= list !== undefined && list.length > room
        room -= Math.min(room, list?.length ?? 0)
        unrested += entry.size
        if (unrested < IN_ONE_TURN) continue
        unrested = 0
        await setImmediate()
      }
    }
  }
  return { lists, isCut }
}

/** As many at a time as are no larger together than one list may be: they are held at the same time. */
function* portionsOf<Wanted extends { readonly entry: IndexEntry }>(
  wanted: readonly Wanted[],
): Generator<Wanted[]> {
  let portion: Wanted[] = []
  let bytes = 0
  for (const one of wanted) {
    if (portion.length > 0 && bytes + one.entry.size > LIST) {
      yield portion
      ;[portion, bytes] = [[], 0]
    }
    portion.push(one)
    bytes += one.entry.size
  }
  if (portion.length > 0) yield portion
}

/** What each layer ships, base first. */
function byLayer(files: readonly PackageFile[]) {
  const shipped = files.flatMap(({ form, versions }) => versions.map((version) => ({ form, ...version })))
  return [...Map.groupBy(shipped, ({ layer }) => layer)].toSorted(([one], [other]) => one - other)
}

/** The first layer from which on every list has it. */
function broughtBy(
  wanted: Package,
  lists: readonly (List | undefined)[],
  versions: PackageFile['versions'],
): number {
  const key = keyOf(wanted)
  const without = lists.findLastIndex((list) => list === undefined || !keysOf(list).has(key))
  return versions[without + 1]?.layer ?? versions.at(-1)?.layer ?? 0
}

const keySets = new WeakMap<List, ReadonlySet<string>>()

/** Thousands of packages are looked for in the same list. */
function keysOf(list: List): ReadonlySet<string> {
  const known = keySets.get(list) ?? new Set(list.map(keyOf))
  keySets.set(list, known)
  return known
}

function keyOf({ type, name, version, arch }: Package): string {
  return JSON.stringify([type, name, version, arch])
}

function byName(a: PackagePath, b: PackagePath): number {
  const [one, other] = a.type === b.type ? [a.name, b.name] : [a.type, b.type]
  return one < other ? -1 : one > other ? 1 : 0
}
