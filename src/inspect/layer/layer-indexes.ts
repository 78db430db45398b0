import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { LRUCache } from 'lru-cache'
import { type BlobReader, type BlobStore, blobLocation } from '../../../storage/blobs/blob-store.ts'
import { inParts } from '../../../storage/metadata/in-parts.ts'
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
import { type IndexBytes, IndexReader, recentBlocks } from './index-reader.ts'
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

const decompress = promisify(zstdDecompress)

/** Rows of the tables of indexes that stay open; each takes about half a kilobyte. */
const OPEN_ROWS = 40_000
/** Bytes of blocks that are remembered. */
const BLOCK_BYTES = 16 * 1024 * 1024

/** The indexes of layers as they are stored. */
export class LayerIndexes {
  readonly #metadata: MetadataStore
  readonly #blobs: BlobStore
  readonly #open = new LRUCache<Digest, IndexReader>({
    maxSize: OPEN_ROWS,
    sizeCalculation: ({ blocks }) => blocks + 1,
  })
  readonly #recent = recentBlocks()
  readonly #blocks = new LRUCache<string, Buffer>({
    maxSize: BLOCK_BYTES,
    sizeCalculation: ({ length }) => length + 1,
  })

  constructor({ metadata, blobs }: { readonly metadata: MetadataStore; readonly blobs: BlobStore }) {
    this.#metadata = metadata
    this.#blobs = blobs
  }

  /** The states of layers, in their order. */
  states(layers: readonly Digest[]): Promise<readonly LayerState[]> {
    return inParts(layers, async (some) => {
      const records = await this.#metadata.read(some.map((layer) => keys.layerIndex(layer)))
      const queued = await this.#metadata.read(some.map((layer) => keys.indexQueue(layer)))
      return some.map((_, index) => stateOf(records[index]?.value, queued[index]?.value))
    })
  }

  async state(layer: Digest): Promise<LayerState> {
    const [state = { state: 'none' as const }] = await this.states([layer])
    return state
  }

  /** The index that a state tells of; undefined when there is none. */
  async read(state: LayerState): Promise<IndexReader | undefined> {
    const index = recordIn(state)?.index
    if (index === undefined) return undefined
    const known = this.#open.get(index.sha256)
    if (known !== undefined) return known
    const opened = await IndexReader.open(await this.bytesOf(index.sha256), this.#recent)
    this.#open.set(index.sha256, opened)
    return opened
  }

  /** Bytes of a layer as it was pushed; undefined when it is not there. */
  async sizeOf(layer: Digest): Promise<number | undefined> {
    const [stored] = await this.#metadata.read([keys.blob(layer)])
    return stored && blobCodec.decode(stored.value).size
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
    const read = (start: number, end: number) => this.#readBytes(sha256, start, end)
    return {
      size,
      read: (start, end) => this.#remembered(`${sha256} ${start}`, () => read(start, end)),
      unpack: (start, end) =>
        this.#remembered(`${sha256} ${start} unpacked`, async () => decompress(await read(start, end))),
    }
  }

  async #remembered(key: string, make: () => Promise<Buffer>): Promise<Buffer> {
    const known = this.#blocks.get(key)
    if (known !== undefined) return known
    const block = await make()
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
  const known = record && layerIndexCodec.decode(record)
  // What an older program wrote down is not read any more: whoever looks has it made anew.
  return known?.version === INDEX_VERSION ? known : { state: 'none' }
}
