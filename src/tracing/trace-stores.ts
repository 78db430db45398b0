import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'

/** Runs work under a name. */
type Follow = <Result>(name: string, work: () => Promise<Result>) => Promise<Result>

/** Has the calls that requests wait for pass through `follow`. */
export function traceStores(
  { metadata, blobs }: { readonly metadata: MetadataStore; readonly blobs: BlobStore },
  follow: Follow,
): void {
  const readRecords = metadata.read.bind(metadata)
  const range = metadata.range.bind(metadata)
  const commit = metadata.commit.bind(metadata)
  metadata.read = (...of) => follow('metadata read', () => readRecords(...of))
  metadata.range = (query) => follow('metadata range', () => range(query))
  metadata.commit = (work) => follow('metadata commit', () => commit(work))
  const read = blobs.read.bind(blobs)
  const append = blobs.append.bind(blobs)
  const complete = blobs.complete.bind(blobs)
  const removeMany = blobs.removeMany.bind(blobs)
  blobs.read = (location, span) => follow('blob open', () => read(location, span))
  blobs.append = (...of) => follow('blob append', () => append(...of))
  blobs.complete = (...of) => follow('blob complete', () => complete(...of))
  blobs.removeMany = (locations) => follow('blob remove', () => removeMany(locations))
}
