import type { RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { ImageSource } from './image-source.ts'
import { mapFew } from './map-few.ts'
import type { PlatformEntry } from './platforms.ts'

/** Entries of an index whose manifests are read for their sizes. */
const READ_LIMIT = 100

export interface IndexTotals {
  /** Of each entry, in their order; undefined when its manifest is not here or is no image. Bytes of its layers. */
  readonly images: readonly ({ readonly layers: number; readonly bytes: number } | undefined)[]
  readonly sumBytes: number
  /** Layers that several platforms share counted once. */
  readonly uniqueBytes: number
}

/** What the images of an index weigh, one by one and together. */
export async function readTotals(
  { source }: { readonly source: ImageSource },
  name: RepositoryName,
  entries: readonly PlatformEntry[],
): Promise<IndexTotals> {
  const unique = new Map<string, number>()
  const images = await mapFew(entries.slice(0, READ_LIMIT), async (entry) => {
    const layers = await layersOf(source, name, entry)
    for (const { text, size } of layers ?? []) unique.set(text, size)
    return layers && { layers: layers.length, bytes: layers.reduce((sum, { size }) => sum + size, 0) }
  })
  return {
    images,
    sumBytes: images.reduce((sum, image) => sum + (image?.bytes ?? 0), 0),
    uniqueBytes: [...unique.values()].reduce((sum, size) => sum + size, 0),
  }
}

async function layersOf(source: ImageSource, name: RepositoryName, { digest }: PlatformEntry) {
  try {
    const manifest = await source.parse(await source.manifest(name, { kind: 'digest', digest }))
    return typeof manifest === 'string' || manifest.kind === 'index' ? undefined : manifest.layers
  } catch (error) {
    // A sparse index: not every platform need be here.
    if (error instanceof RegistryError && error.code === 'MANIFEST_UNKNOWN') return undefined
    throw error
  }
}
