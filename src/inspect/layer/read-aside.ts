import { mkdir, rm } from 'node:fs/promises'
import type { BlobReader } from '../../../storage/blobs/blob-store.ts'
import type { Answer, Done, LayerThread, Task } from './layer-thread.ts'
import type { LayerThreads } from './layer-threads.ts'
import { LayerVerdict } from './verdict.ts'

/** Bytes that are sent to the thread in one piece: many small messages would cost more than their bytes. */
const PIECE = 1024 * 1024

export interface LayerJob {
  /** Its directory is made, used and removed again. */
  readonly task: Task
  readonly milliseconds: number
  /** Told the number of bytes read so far. */
  readonly onProgress: (bytes: number) => void
  readonly signal: AbortSignal
}

/**
 * Reads a layer in a thread beside the server's and gives `use` what came of it, whose file is gone afterwards. Rejects with
 * LayerVerdict when that takes too long or too much memory.
 */
export async function readAside<Result>(
  threads: LayerThreads,
  reader: BlobReader,
  job: LayerJob,
  use: (done: Done) => Promise<Result>,
): Promise<Result> {
  const { directory } = job.task
  await mkdir(directory, { recursive: true })
  try {
    return await use(await read(threads, reader, job))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function read(threads: LayerThreads, reader: BlobReader, job: LayerJob): Promise<Done> {
  const { milliseconds } = job
  const thread = threads.take()
  const timer = setTimeout(() => {
    thread.stop(new LayerVerdict('too-large', `reading it took longer than ${milliseconds} ms`))
  }, milliseconds)
  try {
    const done = await feed(reader, thread, job)
    // Whatever a strange layer left in it goes with the thread.
    if (done.what === 'index' && done.result.verdict !== undefined) await thread.end()
    else threads.giveBack(thread)
    return done
  } catch (error) {
    await thread.end()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

class Enough extends Error {}

async function feed(
  reader: BlobReader,
  thread: LayerThread,
  { task, onProgress, signal }: LayerJob,
): Promise<Done> {
  await thread.ask({ kind: 'begin', task })
  const feeder = new Feeder(thread, onProgress)
  try {
    await reader.pump((chunk) => feeder.take(chunk), signal)
    await feeder.rest()
  } catch (error) {
    if (!(error instanceof Enough)) throw error
  }
  signal.throwIfAborted()
  const done = await thread.ask({ kind: 'end' })
  if (done.kind !== 'done') throw new TypeError('the thread that reads a layer did not end')
  return done
}

/**
 * Collects chunks, whose memory the reader uses again, into pieces for the thread: one is filled while it reads another.
 * Throws Enough when it wants no more.
 */
class Feeder {
  readonly #thread: LayerThread
  readonly #onProgress: LayerJob['onProgress']
  #piece = Buffer.allocUnsafeSlow(PIECE)
  #filled = 0
  #sent = 0
  #spare: ArrayBuffer | undefined
  #answer: Promise<Answer> | undefined

  constructor(thread: LayerThread, onProgress: LayerJob['onProgress']) {
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
