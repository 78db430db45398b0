import type { LayerEntry } from '../../api/schema.generated.ts'
import { enter, type FilePath, type Named, namesIn, parentOf, ROOT } from './file-path.ts'

/** Links that are followed one after the other, as Linux does. */
const HOPS = 40

/** Where links end: a file, or a directory, whose entry is not always known. */
export interface Reached<Entry> {
  readonly path: FilePath
  readonly entry: Entry | undefined
}

/**
 * Follows a symbolic link as a process in the image would: from the root for `/…`, else from its directory, and through
 * links on the way. Undefined when nothing is there, or when links lead in a circle.
 */
export async function followLink<Entry extends LayerEntry>(
  link: FilePath,
  first: Entry,
  /** What is at a path, links not followed. */
  lookUp: (path: FilePath) => Promise<Entry | undefined>,
): Promise<Reached<Entry> | undefined> {
  let at: Reached<Entry> = { path: parentOf(link), entry: undefined }
  let names: readonly Named[] = []
  let next: Entry | undefined = first
  for (let hops = 0; hops < HOPS; ) {
    if (next?.type === 'symlink') {
      hops += 1
      const target = targetOf(next)
      if (target[0]?.name === '') at = { path: ROOT, entry: undefined }
      names = [...target, ...names]
    }
    const [name, ...rest] = names.filter((one) => one.name !== '' && one.name !== '.')
    if (name === undefined) return at
    names = rest
    next = undefined
    if (name.name === '..') {
      at = { path: parentOf(at.path), entry: undefined }
      continue
    }
    const path = enter(at.path, name)
    next = await lookUp(path)
    if (next === undefined) return undefined
    if (next.type !== 'symlink') at = { path, entry: next }
  }
  return undefined
}

function targetOf({ linkname = '', linknameRaw }: LayerEntry): Named[] {
  return namesIn(linknameRaw === undefined ? { path: linkname } : { pathRaw: linknameRaw })
}
