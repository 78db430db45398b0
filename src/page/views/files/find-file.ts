import { call } from '../../api/client.ts'
import type { MergedEntry } from '../../api/schema.generated.ts'
import { enter, type FilePath, isSamePath, parentOf } from './file-path.ts'
import { findEntry } from './pages.ts'

/** The entry of an image at a path, as the layers up to one of them leave it; undefined: all of them. */
export function findFile(
  { ref }: { readonly ref: string },
  path: FilePath,
  upto: number | undefined,
  signal: AbortSignal,
): Promise<MergedEntry | undefined> {
  const directory = parentOf(path)
  return findEntry(
    (page) => call('getImageTree', { query: { ref, upto, ...directory, ...page } }, signal),
    (entry) => isSamePath(enter(directory, entry), path),
  )
}
