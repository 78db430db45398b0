import { Worker } from 'node:worker_threads'
import type { Digest } from '../../oci/digest.ts'
import type { IndexedLayer } from './index-layer.ts'
import type { SeekPlan, SeekResult } from './seek-building.ts'
import { type LayerLimits, LayerVerdict } from './verdict.ts'

/** Megabytes of heap; two sorts and their records stay far below. */
const HEAP = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16 }

/** What a layer is read for. `directory` is empty and belongs to this reading alone. */
export type Task =
  | { readonly what: 'index'; readonly directory: string; readonly limits: LayerLimits }
  | { readonly what: 'seek'; readonly directory: string; readonly plan: SeekPlan }

/** What came of it, and the file that was written. */
export type Done = { readonly kind: 'done'; readonly file: WrittenFile } & (
  | { readonly what: 'index'; readonly result: IndexedLayer }
  | { readonly what: 'seek'; readonly result: SeekResult }
)

export interface WrittenFile {
  readonly path: string
  readonly sha256: Digest
}

/** What a thread is asked, one thing at a time. Memory moves there and comes back with the answer. */
export type Question =
  | { readonly kind: 'begin'; readonly task: Task }
  | { readonly kind: 'read'; readonly memory: ArrayBuffer; readonly length: number }
  /** From here on the thread reads this file, instead of what it is sent. */
  | { readonly kind: 'open'; readonly file: string }
  /** It is to read the next few megabytes. */
  | { readonly kind: 'go-on' }
  | { readonly kind: 'end' }

export type Answer =
  | { readonly kind: 'begun' }
  /** `over`: more bytes would change nothing. */
  | { readonly kind: 'read'; readonly over: boolean; readonly memory: ArrayBuffer }
  | { readonly kind: 'opened' }
  /** `read`: bytes of the file so far, `atEnd`: all that it has. */
  | { readonly kind: 'went-on'; readonly over: boolean; readonly read: number; readonly atEnd: boolean }
  | Done

/** A thread that reads layers, one after the other. */
export class LayerThread {
  readonly #worker: Worker
  #waiting: PromiseWithResolvers<Answer> | undefined
  #failure: Error | undefined

  constructor() {
    this.#worker = new Worker(new URL('./layer-worker.ts', import.meta.url), { resourceLimits: HEAP })
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
    this.#worker.on('exit', () => this.stop(new Error('the thread that reads a layer ended by itself')))
  }

  get isOver(): boolean {
    return this.#failure !== undefined
  }

  /** Rejects with what ended the thread. */
  ask(question: Question): Promise<Answer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    this.#waiting = Promise.withResolvers()
    this.#worker.postMessage(question, question.kind === 'read' ? [question.memory] : [])
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
