import type { IndexReader } from './layer/index-reader.ts'
import { type MergedEntry, mergedDirectory } from './merged-tree.ts'
import { nameOf, parentOf, placeOf } from './tar/tar-path.ts'

type Layers = readonly (IndexReader | undefined)[]

const HOPS = 40

/** What layers leave at a path in the end; undefined when nothing is there. */
async function mergedAt(layers: Layers, path: string): Promise<MergedEntry | undefined> {
  const names = await mergedDirectory({ layers, path: parentOf(path), from: nameOf(path) })
  const first = await names?.next()
  if (first === undefined || first.done === true) return undefined
  const found = first.value
  return found.entry.name === nameOf(path) && found.state !== 'removed' ? found : undefined
}

/** The same, hard links followed: each to what was there when its layer was unpacked, in it or in those below. */
export async function linkedAt(layers: Layers, path: string): Promise<MergedEntry | undefined> {
  let [within, at] = [layers, path]
  for (let hops = 0; hops < HOPS; hops++) {
    const found = await mergedAt(within, at)
    if (found?.entry.kind !== 'hardlink') return found
    const place = placeOf(found.entry.linkname)
    if (place.kind === 'outside') return undefined
    within = layers.slice(0, found.layer + 1)
    at = place.path
  }
  return undefined
}
