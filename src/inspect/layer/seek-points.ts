import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { LRUCache } from 'lru-cache'
import { type Transaction, transact } from '../../../storage/metadata/transact.ts'
import type { Digest } from '../../oci/digest.ts'
import { keys } from '../../records/keys.ts'
import type { LayerIndexRecord } from '../../records/layer-index.ts'
import { SEEK_VERSION, type SeekPointsRecord, seekPointsCodec } from '../../records/seek-points.ts'
import { clearDirectory } from './clear-directory.ts'
import type { LayerIndexes } from './layer-indexes.ts'
import type { WrittenFile } from './layer-thread.ts'
import { LayerThreads } from './layer-threads.ts'
import { type LayerJob, readAside } from './read-aside.ts'
import type { Entrance } from './read-file.ts'
import type { SeekResult } from './seek-building.ts'
import { SeekFile } from './seek-file.ts'
import { type HeldParts, holdFile, releaseFile, type StoredFile, storeFile } from './store-index.ts'
import { LayerVerdict } from './verdict.ts'

/** Unpacked bytes up to which a layer is read from its start. */
const SMALL = 64 * 1024 * 1024
/** Unpacked bytes between two points, and points at most: a window takes up to 32 KiB. */
const SPACING = 4 * 1024 * 1024
const POINTS = 2048
/** Files of points that stay open. */
const OPEN_LIMIT = 50

export interface SeekParts extends HeldParts {
  readonly indexes: LayerIndexes
  /** For files that outgrow memory; what is in it at the start is left over and goes. */
  readonly directory: string
  readonly milliseconds: number
  readonly onError: (error: unknown, what: string) => void
}

/** Where reading can begin inside packed layers. Points are made, one layer at a time, when someone first looks into one. */
export class SeekPoints {
  readonly #parts: SeekParts
  readonly #open = new LRUCache<Digest, SeekFile>({ max: OPEN_LIMIT })
  readonly #building = new Set<Digest>()
  readonly #stopping = new AbortController()
  readonly #threads = new LayerThreads()
  #work: Promise<void>

  constructor(parts: SeekParts) {
    this.#parts = parts
    this.#work = clearDirectory(parts)
  }

  /** The nearest place before `start` that is known of; what is missing is begun, and there for the next who asks. */
  async entrance(
    layer: Digest,
    { unpacked, compression }: Pick<LayerIndexRecord, 'unpacked' | 'compression'>,
    span: { readonly start: number; readonly end: number },
  ): Promise<Entrance | undefined> {
    if (unpacked <= SMALL || compression === 'none') return undefined
    try {
      const file = await this.#file(layer)
      if (file !== 'missing') return await entranceOf(file, span)
    } catch (error) {
      // Without points a layer is read from its start; they are made again.
      this.#parts.onError(error, `the seek points of ${layer}`)
    }
    this.#begin(layer, unpacked)
    return undefined
  }

  /** Waits for what is being made. */
  async settled(): Promise<void> {
    await this.#work
  }

  /** Ends what is under way; the next who looks begins it anew. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#work
    await this.#threads.stop()
  }

  async #file(layer: Digest): Promise<SeekFile | 'missing' | undefined> {
    const { metadata, indexes } = this.#parts
    const [stored] = await metadata.read([keys.seekPoints(layer)])
    const record = stored && seekPointsCodec.decode(stored.value)
    if (record?.version !== SEEK_VERSION) return 'missing'
    if (record.file === undefined) return undefined
    const { sha256 } = record.file
    const file = this.#open.get(sha256) ?? (await SeekFile.open(await indexes.bytesOf(sha256)))
    this.#open.set(sha256, file)
    return file
  }

  #begin(layer: Digest, unpacked: number): void {
    if (this.#building.has(layer) || this.#stopping.signal.aborted) return
    this.#building.add(layer)
    this.#work = this.#buildAfter(this.#work, layer, unpacked)
  }

  /** Never rejects. */
  async #buildAfter(before: Promise<void>, layer: Digest, unpacked: number): Promise<void> {
    const { signal } = this.#stopping
    await before
    try {
      if (!signal.aborted) await this.#build(layer, unpacked)
    } catch (error) {
      if (!signal.aborted) this.#parts.onError(error, `the seek points of ${layer}`)
    } finally {
      this.#building.delete(layer)
    }
  }

  async #build(layer: Digest, unpacked: number): Promise<void> {
    const { indexes, directory, milliseconds } = this.#parts
    const reader = await indexes.openLayer(layer)
    if (reader === undefined) return
    const spacing = Math.max(SPACING, Math.ceil(Math.max(unpacked, reader.size) / POINTS))
    const job: LayerJob = {
      task: { what: 'seek', directory: join(directory, randomUUID()), plan: { spacing, unpacked } },
      milliseconds,
      onProgress: () => undefined,
      signal: this.#stopping.signal,
    }
    try {
      await readAside(this.#threads, reader, job, async (done) => {
        if (done.what !== 'seek') throw new TypeError('no seek points were made')
        await this.#keep(layer, done.result, done.file)
      })
    } catch (error) {
      if (!(error instanceof LayerVerdict)) throw error
      await this.#keep(layer, { points: 0, reason: error.message })
    }
  }

  async #keep(layer: Digest, { points, reason }: SeekResult, written?: WrittenFile): Promise<void> {
    const parts = this.#parts
    const file = points === 0 || written === undefined ? undefined : await storeFile(parts, written)
    await transact(parts.metadata, (transaction) => keepIn(transaction, parts, layer, { file, reason }))
  }
}

async function keepIn(
  transaction: Transaction,
  parts: HeldParts,
  layer: Digest,
  { file, reason }: { readonly file: StoredFile | undefined; readonly reason: string | undefined },
): Promise<void> {
  if (file !== undefined && !(await holdFile(transaction, parts, layer, file))) return
  const before = await transaction.getChecked(seekPointsCodec, keys.seekPoints(layer))
  const old = before?.value.file?.sha256
  if (old !== undefined && old !== file?.sha256) await releaseFile(transaction, parts, layer, old)
  const record: SeekPointsRecord = {
    at: parts.now(),
    version: SEEK_VERSION,
    ...(file && { file: { sha256: file.sha256, size: file.size } }),
    ...(reason !== undefined && { reason }),
  }
  transaction.set(seekPointsCodec, keys.seekPoints(layer), record)
}

async function entranceOf(
  file: SeekFile | undefined,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<Entrance | undefined> {
  const found = file?.around(start, end)
  if (file === undefined || found === undefined) return undefined
  const { unpacked, bit } = found.point
  return { unpacked, bit, window: await file.window(found.point), until: found.until }
}
