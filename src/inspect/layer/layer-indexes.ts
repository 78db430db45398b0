import { LRUCache } from 'lru-cache'
import { type BlobReader, type BlobStore, blobLocation } from '../../../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { StoreDamaged } from '../../../storage/store-errors.ts'
import type { Digest } from '../../oci/digest.ts'
import { blobCodec } from '../../records/blob.ts'
import { keys } from '../../records/keys.ts'
import {
  INDEX_VERSION,
  indexQueueCodec,
  type LayerIndexRecord,
  layerIndexCodec,
} from '../../records/layer-index.ts'
import { type IndexBytes, IndexReader } from './index-reader.ts'
import type { PackedRange } from './read-file.ts'

/** How far the look inside a layer is. `read`: compressed bytes so far. */
export type LayerState =
  | { readonly state: 'none' | 'queued' }
  | { readonly state: 'running'; readonly read: number; readonly since: number }
  | ({ readonly state: 'done' | 'unsupported' | 'too-large' | 'damaged' } & LayerIndexRecord)

/** What is known of a layer; undefined while nothing is. */
export function recordIn(state: LayerState | undefined): LayerIndexRecord | undefined {
  return state !== undefined && 'version' in state ? state : undefined
}

/** Open indexes that are remembered, and bytes of their blocks. */
const OPEN_LIMIT = 200
const BLOCK_BYTES = 16 * 1024 * 1024

/** The indexes of layers as they are stored. */
export class LayerIndexes {
  readonly #metadata: MetadataStore
  readonly #blobs: BlobStore
  readonly #open = new LRUCache<Digest, Promise<IndexReader>>({ max: OPEN_LIMIT })
  readonly #blocks = new LRUCache<string, Buffer>({
    maxSize: BLOCK_BYTES,
    sizeCalculation: ({ length }) => length + 1,
  })

  constructor({ metadata, blobs }: { readonly metadata: MetadataStore; readonly blobs: BlobStore }) {
    this.#metadata = metadata
    this.#blobs = blobs
  }

  /** The states of layers, in their order. */
  async states(layers: readonly Digest[]): Promise<LayerState[]> {
    const records = await this.#metadata.read(layers.map((layer) => keys.layerIndex(layer)))
    const queued = await this.#metadata.read(layers.map((layer) => keys.indexQueue(layer)))
    return layers.map((_, index) => stateOf(records[index]?.value, queued[index]?.value))
  }

  async state(layer: Digest): Promise<LayerState> {
    const [state = { state: 'none' as const }] = await this.states([layer])
    return state
  }

  /** The index that a state tells of; undefined when there is none, or only one of an older version. */
  async read(state: LayerState): Promise<IndexReader | undefined> {
    const record = recordIn(state)
    const index = record?.version === INDEX_VERSION ? record.index : undefined
    if (index === undefined) return undefined
    const opening = this.#open.get(index.sha256) ?? this.#openIndex(index.sha256)
    this.#open.set(index.sha256, opening)
    try {
      return await opening
    } catch (error) {
      this.#open.delete(index.sha256)
      throw error
    }
  }

  /** Opens the bytes of a layer itself, whole or in part; undefined when they are not there. */
  async openLayer(layer: Digest, range?: PackedRange): Promise<BlobReader | undefined> {
    const [stored] = await this.#metadata.read([keys.blob(layer)])
    const blob = stored && blobCodec.decode(stored.value)
    if (blob === undefined || blob.quarantined !== undefined) return undefined
    const last = Math.min(range?.end ?? blob.size, blob.size) - 1
    return this.#blobs.read(blobLocation(blob.location), range && { start: range.start, end: last })
  }

  /** A file that was made of a layer, whose blocks are remembered for a while. Throws StoreDamaged. */
  async bytesOf(sha256: Digest): Promise<IndexBytes> {
    const [stored] = await this.#metadata.read([keys.blob(sha256)])
    if (stored === undefined) throw new StoreDamaged(`what was made of a layer, ${sha256}, is not there`)
    const { size } = blobCodec.decode(stored.value)
    return { size, read: (start, end) => this.#block(sha256, start, end) }
  }

  async #openIndex(sha256: Digest): Promise<IndexReader> {
    return IndexReader.open(await this.bytesOf(sha256))
  }

  async #block(sha256: Digest, start: number, end: number): Promise<Buffer> {
    const key = `${sha256} ${start}`
    const known = this.#blocks.get(key)
    if (known !== undefined) return known
    const block = await this.#readBytes(sha256, start, end)
    this.#blocks.set(key, block)
    return block
  }

  /** The record is read each time: bytes can move to another place while an index is open. */
  async #readBytes(sha256: Digest, start: number, end: number): Promise<Buffer> {
    const [stored] = await this.#metadata.read([keys.blob(sha256)])
    const location = stored && blobCodec.decode(stored.value).location
    const reader = location && (await this.#blobs.read(blobLocation(location), { start, end: end - 1 }))
    if (!reader) throw new StoreDamaged(`the bytes of the index ${sha256} are not there`)
    const bytes = Buffer.alloc(end - start)
    let at = 0
    await reader.pump((chunk) => {
      bytes.set(chunk, at)
      at += chunk.length
    })
    return bytes
  }
}

function stateOf(record: Uint8Array | undefined, queued: Uint8Array | undefined): LayerState {
  if (queued !== undefined) {
    const { claim } = indexQueueCodec.decode(queued)
    if (claim === undefined || claim.by === '') return { state: 'queued' }
    return { state: 'running', read: claim.read, since: claim.until }
  }
  return record === undefined ? { state: 'none' } : layerIndexCodec.decode(record)
}
