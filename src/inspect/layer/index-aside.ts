import { mkdir, rm } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import type { BlobReader } from '../../../storage/blobs/blob-store.ts'
import type { IndexedLayer } from './index-layer.ts'
import { type LayerLimits, LayerVerdict } from './verdict.ts'

/** Megabytes of heap; two sorts and their records stay far below. */
const HEAP = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16 }
/** Bytes that are sent to the thread in one piece: many small messages would cost more than their bytes. */
const PIECE = 1024 * 1024

export interface IndexJob {
  /** Made, used and removed again. */
  readonly directory: string
  readonly limits: LayerLimits
  /** Told the number of bytes read so far. */
  readonly onProgress: (bytes: number) => void
  readonly signal: AbortSignal
}

type Answer =
  | { readonly kind: 'ready'; readonly over: boolean }
  | { readonly kind: 'done'; readonly result: IndexedLayer; readonly indexPath: string }

/**
 * Indexes a layer in a thread of its own and gives `use` the file of its index, which is gone afterwards. A layer that
 * takes too long or too much memory gets a verdict; only what is no fault of the layer rejects.
 */
export async function indexAside<Result>(
  reader: BlobReader,
  job: IndexJob,
  use: (layer: IndexedLayer, indexPath: string | undefined) => Promise<Result>,
): Promise<Result> {
  await mkdir(job.directory, { recursive: true })
  const thread = new IndexThread(job)
  const timer = setTimeout(() => {
    thread.stop(new LayerVerdict('too-large', `reading it took longer than ${job.limits.milliseconds} ms`))
  }, job.limits.milliseconds)
  try {
    const done = await feed(reader, thread, job)
    return await use(done.result, done.indexPath)
  } catch (error) {
    if (error instanceof LayerVerdict) return await use(withoutIndex(error), undefined)
    throw error
  } finally {
    clearTimeout(timer)
    await thread.end()
    await rm(job.directory, { recursive: true, force: true })
  }
}

class Enough extends Error {}

async function feed(reader: BlobReader, thread: IndexThread, job: IndexJob) {
  const pieces = new Pieces(PIECE)
  let sent = 0
  const send = async (piece: Uint8Array): Promise<void> => {
    sent += piece.length
    const answer = await thread.ask(piece)
    job.onProgress(sent)
    if (answer.kind === 'ready' && answer.over) throw new Enough()
  }
  try {
    await reader.pump(async (chunk) => {
      for (const piece of pieces.add(chunk)) await send(piece)
    }, job.signal)
    const rest = pieces.rest()
    if (rest.length > 0) await send(rest)
  } catch (error) {
    if (!(error instanceof Enough)) throw error
  }
  job.signal.throwIfAborted()
  const done = await thread.ask('end')
  if (done.kind !== 'done') throw new TypeError('the index thread did not end')
  return done
}

/** Collects chunks, whose memory is used again by the reader, into pieces of their own memory. */
class Pieces {
  readonly #size: number
  #piece: Buffer
  #filled = 0

  constructor(size: number) {
    this.#size = size
    this.#piece = Buffer.allocUnsafeSlow(size)
  }

  *add(chunk: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + this.#size - this.#filled)
      this.#piece.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
      if (this.#filled === this.#size) yield this.rest()
    }
  }

  rest(): Uint8Array {
    const piece = this.#piece.subarray(0, this.#filled)
    this.#piece = Buffer.allocUnsafeSlow(this.#size)
    this.#filled = 0
    return piece
  }
}

/** One thread; one question at a time. */
class IndexThread {
  readonly #worker: Worker
  #waiting: PromiseWithResolvers<Answer> | undefined
  #failure: Error | undefined

  constructor({ directory, limits }: Pick<IndexJob, 'directory' | 'limits'>) {
    this.#worker = new Worker(new URL('./index-worker.ts', import.meta.url), {
      workerData: { directory, limits },
      resourceLimits: HEAP,
    })
    this.#worker.on('message', (answer: Answer) => {
      this.#waiting?.resolve(answer)
      this.#waiting = undefined
    })
    this.#worker.on('error', (error: Error & { readonly code?: string }) =>
      this.stop(
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? new LayerVerdict('too-large', 'reading it takes more memory than is given', error)
          : error,
      ),
    )
    this.#worker.on('exit', () => this.stop(new Error('the index thread ended by itself')))
  }

  ask(question: Uint8Array | 'end'): Promise<Answer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    this.#waiting = Promise.withResolvers()
    const transfer = question === 'end' || !(question.buffer instanceof ArrayBuffer) ? [] : [question.buffer]
    this.#worker.postMessage(question, transfer)
    return this.#waiting.promise
  }

  /** Ends the thread; whoever waits, and whoever asks later, gets `failure`. */
  stop(failure: Error): void {
    this.#failure ??= failure
    this.#waiting?.reject(this.#failure)
    this.#waiting = undefined
    void this.#worker.terminate()
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}

function withoutIndex({ verdict, message }: LayerVerdict): IndexedLayer {
  return {
    verdict,
    reason: message,
    facts: { compression: 'none', unpacked: 0, entries: 0, files: 0, bytes: 0, whiteouts: 0, warnings: [] },
  }
}
