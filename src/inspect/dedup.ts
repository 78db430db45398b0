import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { ShortTurns } from '../../storage/short-turns.ts'
import type { Digest } from '../oci/digest.ts'
import { repositoriesIn } from '../records/repositories.ts'
import { contentsOfEach } from './contents.ts'
import { type LayerIndexes, recordIn } from './layer/layer-indexes.ts'

/** What deduplication saves in a project, level by level. */
export interface Deduplication {
  /** Compressed bytes of everything that images refer to, each time that they do, and once. */
  readonly logical: number
  readonly uniqueLayers: number
  /** Unpacked bytes of the files in the layers that are indexed, of all and of each content once. */
  readonly files: number
  readonly uniqueFiles: number
  readonly layers: number
  /** Layers whose files are counted. */
  readonly indexed: number
  /** Most shared layers, by what sharing them saves. */
  readonly top: readonly { readonly digest: Digest; readonly size: number; readonly times: number }[]
  /** The project is too large to count on request: the numbers are of its first part. */
  readonly partial: boolean
}

const MANIFEST_LIMIT = 5000
const CONTENT_LIMIT = 300_000
const TOP = 20

interface Used {
  readonly size: number
  times: number
}

/** F17: counts a project's content by layers and by files. */
export async function deduplicationOf(
  metadata: MetadataStore,
  indexes: LayerIndexes,
  project: string,
): Promise<Deduplication> {
  const { used, partial } = await usedContents(metadata, project)
  const files = await countFiles(indexes, [...used.keys()])
  const all = [...used].map(([digest, { size, times }]) => ({ digest, size, times }))
  return {
    logical: all.reduce((sum, { size, times }) => sum + size * times, 0),
    uniqueLayers: all.reduce((sum, { size }) => sum + size, 0),
    ...files.sums,
    layers: all.length,
    indexed: files.indexed,
    top: all
      .filter(({ times }) => times > 1)
      .sort((a, b) => b.size * (b.times - 1) - a.size * (a.times - 1))
      .slice(0, TOP),
    partial: partial || files.partial,
  }
}

async function usedContents(metadata: MetadataStore, project: string) {
  const used = new Map<Digest, Used>()
  let manifests = 0
  for await (const { id } of repositoriesIn(metadata, project)) {
    for await (const { contents } of contentsOfEach(metadata, id)) {
      if (manifests >= MANIFEST_LIMIT) return { used, partial: true }
      manifests += 1
      for (const { sha256, size } of contents) {
        const known = used.get(sha256) ?? { size, times: 0 }
        known.times += 1
        used.set(sha256, known)
      }
    }
  }
  return { used, partial: false }
}

async function countFiles(indexes: LayerIndexes, layers: readonly Digest[]) {
  const seen = new Set<string>()
  const sums = { files: 0, uniqueFiles: 0 }
  const turns = new ShortTurns({ isUrgent: true })
  let indexed = 0
  for (const state of await indexes.states(layers)) {
    const reader = recordIn(state)?.state === 'done' ? await indexes.read(state) : undefined
    if (reader === undefined) continue
    indexed += 1
    for await (const { sha256, stored } of reader.from()) {
      if (turns.isOver) await turns.rest()
      const content = sha256?.toString('latin1')
      if (content === undefined) continue
      if (seen.size >= CONTENT_LIMIT) return { sums, indexed, partial: true }
      sums.files += stored
      if (!seen.has(content)) sums.uniqueFiles += stored
      seen.add(content)
    }
  }
  return { sums, indexed, partial: false }
}
