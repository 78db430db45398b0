import { mkdir, rm } from 'node:fs/promises'
import type { BlobReader } from '../../../storage/blobs/blob-store.ts'
import type { IndexedLayer } from './index-layer.ts'
import { type Answer, IndexThread } from './index-thread.ts'
import { type LayerLimits, LayerVerdict } from './verdict.ts'

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
  const thread = new IndexThread()
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
  const { directory, limits, signal } = job
  await thread.ask({ kind: 'begin', directory, limits })
  const feeder = new Feeder(thread, job)
  try {
    await reader.pump((chunk) => feeder.take(chunk), signal)
    await feeder.rest()
  } catch (error) {
    if (!(error instanceof Enough)) throw error
  }
  signal.throwIfAborted()
  const done = await thread.ask({ kind: 'end' })
  if (done.kind !== 'done') throw new TypeError('the index thread did not end')
  return done
}

/**
 * Collects chunks, whose memory the reader uses again, into pieces for the thread: one is filled while it reads another.
 * Throws Enough when it wants no more.
 */
class Feeder {
  readonly #thread: IndexThread
  readonly #onProgress: IndexJob['onProgress']
  #piece = Buffer.allocUnsafeSlow(PIECE)
  #filled = 0
  #sent = 0
  #spare: ArrayBuffer | undefined
  #answer: Promise<Answer> | undefined

  constructor(thread: IndexThread, { onProgress }: Pick<IndexJob, 'onProgress'>) {
    this.#thread = thread
    this.#onProgress = onProgress
  }

  async take(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + PIECE - this.#filled)
      this.#piece.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
      if (this.#filled === PIECE) await this.#send()
    }
  }

  async rest(): Promise<void> {
    if (this.#filled > 0) await this.#send()
    await this.#settle()
  }

  async #send(): Promise<void> {
    await this.#settle()
    this.#sent += this.#filled
    const answer = this.#thread.ask({ kind: 'read', memory: this.#piece.buffer, length: this.#filled })
    // A failure is told by the next question.
    answer.catch(() => undefined)
    this.#answer = answer
    this.#piece = this.#spare === undefined ? Buffer.allocUnsafeSlow(PIECE) : Buffer.from(this.#spare)
    this.#spare = undefined
    this.#filled = 0
  }

  /** Waits for the answer to the piece before, which brings its memory back. */
  async #settle(): Promise<void> {
    const answer = await this.#answer
    this.#answer = undefined
    if (answer?.kind !== 'read') return
    this.#spare = answer.memory
    this.#onProgress(this.#sent)
    if (answer.over) throw new Enough()
  }
}

function withoutIndex({ verdict, message }: LayerVerdict): IndexedLayer {
  return {
    verdict,
    reason: message,
    facts: { compression: 'none', unpacked: 0, entries: 0, files: 0, bytes: 0, whiteouts: 0, warnings: [] },
  }
}
