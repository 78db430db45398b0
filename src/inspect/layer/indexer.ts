import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { blobLocation } from '../../../storage/blobs/blob-store.ts'
import { transact } from '../../../storage/metadata/transact.ts'
import { NoSpace, StoreUnavailable } from '../../../storage/store-errors.ts'
import type { Digest } from '../../oci/digest.ts'
import { blobCodec } from '../../records/blob.ts'
import { keys } from '../../records/keys.ts'
import {
  INDEX_VERSION,
  indexQueueCodec,
  type LayerIndexRecord,
  layerIndexCodec,
} from '../../records/layer-index.ts'
import { systemCode } from '../../system-code.ts'
import { clearDirectory } from './clear-directory.ts'
import { forgetGone } from './forget-gone.ts'
import { indexAside } from './index-aside.ts'
import type { IndexedLayer } from './index-layer.ts'
import { claimNext, enqueue, giveBack, type QueueParts, renewClaim } from './index-queue.ts'
import { NO_FACTS } from './layer-facts.ts'
import { LayerThreads } from './layer-threads.ts'
import { type HeldParts, holdFile, releaseFile, type StoredFile, storeFile } from './store-index.ts'
import type { LayerLimits } from './verdict.ts'

export interface IndexerParts extends HeldParts {
  /** For files that outgrow memory; what is in it at the start is left over and goes. */
  readonly directory: string
  readonly limits: LayerLimits
  /** Layers that are indexed at the same time; 0: none by this process. */
  readonly workers: number
  readonly onError: (error: unknown, what: string) => void
  readonly onDone: (layer: Digest, record: LayerIndexRecord, milliseconds: number) => void
}

/** Time between two looks at the queue, for what other processes put there. */
const LOOK_MS = 1000
const RENEW_MS = 15_000
/** Time between two looks for indexes whose layers are gone. */
const FORGET_MS = 3_600_000

/** Builds the indexes of layers in the background, with whoever shares the queue. */
export interface Indexer {
  /** Queues a layer, unless it has an index or waits for one; `again`: in any case. */
  request(layer: Digest, again?: boolean): Promise<void>
  /** Ends what is under way; it is begun anew by whoever comes next. */
  stop(): Promise<void>
}

interface WorkParts extends IndexerParts {
  readonly threads: LayerThreads
}

export function startIndexer(given: IndexerParts): Indexer {
  const parts = { ...given, threads: new LayerThreads() }
  const stopping = new AbortController()
  const queue: QueueParts = { ...parts, by: randomUUID() }
  const wakes = new Set<() => void>()
  const cleared = clearDirectory(parts)
  const loops = Array.from({ length: parts.workers }, async () => {
    await cleared
    while (!stopping.signal.aborted) {
      try {
        const layer = await claimNext(queue)
        if (layer === undefined) await idle(wakes, stopping.signal)
        else if (!(await work(parts, queue, layer, stopping.signal))) await idle(wakes, stopping.signal)
      } catch (error) {
        parts.onError(error, 'the queue of layers to index')
        await idle(wakes, stopping.signal)
      }
    }
  })
  const forgetting = setInterval(() => {
    forgetGone(parts, stopping.signal).catch((error: unknown) =>
      parts.onError(error, 'indexes of layers that are gone'),
    )
  }, FORGET_MS).unref()
  const wake = (): void => {
    for (const one of wakes) one()
  }
  return {
    request: async (layer, again) => {
      await enqueue(parts, layer, again)
      wake()
    },
    stop: async () => {
      clearInterval(forgetting)
      stopping.abort()
      wake()
      await Promise.all(loops)
      await parts.threads.stop()
      await cleared
    },
  }
}

/** Nobody wakes who only lies down after the stop. */
function idle(wakes: Set<() => void>, stopping: AbortSignal): Promise<void> {
  if (stopping.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(done, LOOK_MS).unref()
    function done(): void {
      clearTimeout(timer)
      wakes.delete(done)
      resolve()
    }
    wakes.add(done)
  })
}

/** False: the next one would fail, too. */
async function work(
  parts: WorkParts,
  queue: QueueParts,
  layer: Digest,
  signal: AbortSignal,
): Promise<boolean> {
  const begun = performance.now()
  let read = 0
  const renewing = setInterval(() => {
    renewClaim(queue, layer, read).catch((error: unknown) => parts.onError(error, `the claim of ${layer}`))
  }, RENEW_MS)
  try {
    const record = await indexOne(parts, queue, layer, {
      signal,
      onProgress: (bytes) => {
        read = bytes
      },
    })
    if (record !== undefined) parts.onDone(layer, record, performance.now() - begun)
    return true
  } catch (error) {
    const why = signal.aborted ? 'stopped' : failsForAll(error) ? 'for-all' : 'for-this'
    if (why !== 'stopped') parts.onError(error, `the index of ${layer}`)
    if (await giveBack(queue, layer, why)) await giveUp(parts, queue, layer)
    return why !== 'for-all'
  } finally {
    clearInterval(renewing)
  }
}

/** A store that is away or full, and what a machine lacks: space, open files, threads. */
function failsForAll(error: unknown): boolean {
  const isOfStore = error instanceof StoreUnavailable || error instanceof NoSpace
  return isOfStore || /^(?:E[A-Z0-9]+|ERR_WORKER_INIT_FAILED)$/.test(systemCode(error) ?? '')
}

/** Undefined: the layer is gone, or another process was faster. */
async function indexOne(
  parts: WorkParts,
  queue: QueueParts,
  layer: Digest,
  job: { readonly signal: AbortSignal; readonly onProgress: (bytes: number) => void },
): Promise<LayerIndexRecord | undefined> {
  const [stored] = await parts.metadata.read([keys.blob(layer)])
  const blob = stored && blobCodec.decode(stored.value)
  const reader = blob && (await parts.blobs.read(blobLocation(blob.location)))
  if (reader === undefined) {
    // Where the store is not there, no layer is gone.
    if (blob !== undefined) await parts.blobs.check()
    await forget(parts, layer)
    return undefined
  }
  const directory = join(parts.directory, randomUUID())
  return indexAside(
    parts.threads,
    reader,
    { ...job, directory, limits: parts.limits },
    async (result, index) => {
      const listed = index !== undefined && result.verdict !== 'unsupported'
      const file = listed ? await storeFile(parts, index) : undefined
      return finish(parts, queue, layer, { result, file })
    },
  )
}

async function finish(
  parts: IndexerParts,
  queue: QueueParts,
  layer: Digest,
  { result, file }: { readonly result: IndexedLayer; readonly file: StoredFile | undefined },
): Promise<LayerIndexRecord | undefined> {
  return transact(parts.metadata, async (transaction) => {
    const waiting = await transaction.getChecked(indexQueueCodec, keys.indexQueue(layer))
    if (waiting?.value.claim?.by !== queue.by) return undefined
    transaction.delete(waiting.key)
    if (file !== undefined && !(await holdFile(transaction, parts, layer, file))) return undefined
    const record = recordOf(result, file, parts.now())
    const before = await transaction.getChecked(layerIndexCodec, keys.layerIndex(layer))
    const old = before?.value.index?.sha256
    if (old !== undefined && old !== file?.sha256) await releaseFile(transaction, parts, layer, old)
    transaction.set(layerIndexCodec, keys.layerIndex(layer), record)
    return record
  })
}

function recordOf(result: IndexedLayer, file: StoredFile | undefined, at: number): LayerIndexRecord {
  const { verdict, reason, facts } = result
  return {
    state: verdict ?? 'done',
    ...(reason !== undefined && { reason }),
    at,
    version: INDEX_VERSION,
    ...(file && { index: { sha256: file.sha256, size: file.size } }),
    ...facts,
  }
}

function forget({ metadata }: IndexerParts, layer: Digest): Promise<void> {
  return metadata.commit({ checks: [], sets: [], deletes: [keys.indexQueue(layer)] })
}

/** What fails again and again is not tried for ever; an administrator can ask for it again. */
async function giveUp(parts: IndexerParts, queue: QueueParts, layer: Digest): Promise<void> {
  await transact(parts.metadata, async (transaction) => {
    await transaction.getChecked(indexQueueCodec, keys.indexQueue(layer))
    const reason = `indexing failed again and again; the log of ${queue.by} says why`
    transaction.set(
      layerIndexCodec,
      keys.layerIndex(layer),
      recordOf({ verdict: 'damaged', reason, facts: NO_FACTS }, undefined, parts.now()),
    )
    transaction.delete(keys.indexQueue(layer))
  })
}
