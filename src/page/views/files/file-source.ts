import { readFileBytes } from '../../api/client.ts'
import { shortDigest } from '../../format.ts'
import { crumbs, type FilePath } from './file-path.ts'

/** Whose file it is: of one layer, or of an image as the layers up to one of them leave it, hard links followed. */
export type FileSource =
  | { readonly layer: string; readonly path: FilePath }
  | { readonly ref: string; readonly upto?: number | undefined; readonly path: FilePath }
  /** The bytes of a layer, or of another blob, themselves. */
  | { readonly bytesOf: string }

/** Which part of a file; `raw` for what is saved and not shown. */
export interface Part {
  readonly offset: number
  readonly length: number
  readonly raw?: '1'
}

/** What it is called when it is saved. */
export function nameOf(source: FileSource): string {
  return 'bytesOf' in source ? shortDigest(source.bytesOf) : (crumbs(source.path).at(-1)?.name ?? 'file')
}

/** Bytes of a file, and how many all of it has. Rejects with a Problem, or with the signal's reason. */
export function readPart(source: FileSource, part: Part, signal?: AbortSignal) {
  if ('bytesOf' in source)
    return readFileBytes('getLayerBytes', { params: { digest: source.bytesOf }, query: part }, signal)
  return 'layer' in source
    ? readFileBytes(
        'getLayerFile',
        { params: { digest: source.layer }, query: { ...source.path, ...part } },
        signal,
      )
    : readFileBytes(
        'getImageFile',
        { query: { ref: source.ref, upto: source.upto, ...source.path, ...part } },
        signal,
      )
}
