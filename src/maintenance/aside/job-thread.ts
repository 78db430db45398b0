import { Worker } from 'node:worker_threads'
import type { Beside } from '../../../storage/metadata/metadata-store.ts'
import type { FromThread, RunOrder, ToThread } from './messages.ts'

/** Megabytes. A few thousand entries of the queue are the most that is held at a time. */
const HEAP = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16 }
/** How long (ms) the thread is kept without work. */
const IDLE_MS = 30_000

export interface JobThreadParts {
  /** What the thread runs; calls answerJobs. */
  readonly module: URL
  readonly workerData?: unknown
  /** Told of items that failed. */
  readonly onError: (error: unknown, what: string) => void
}

interface Run extends PromiseWithResolvers<void> {
  readonly worker: Worker
  readonly beside: Beside
  readonly progress: (done: number) => void
}

/** A thread for jobs that would hold up requests: there while it has work, and for a while after. */
export class JobThread {
  readonly #parts: JobThreadParts
  readonly #runs = new Map<number, Run>()
  #worker: Worker | undefined
  #idle: NodeJS.Timeout | undefined
  #sequence = 0

  constructor(parts: JobThreadParts) {
    this.#parts = parts
  }

  /** Resolves at the end of the run; rejects with what failed it, or with what ended the thread. */
  async run(
    order: Omit<RunOrder, 'ticket'>,
    of: { readonly beside: Beside; readonly progress: (done: number) => void; readonly signal: AbortSignal },
  ): Promise<void> {
    clearTimeout(this.#idle)
    const worker = (this.#worker ??= this.#start())
    const id = (this.#sequence += 1)
    const run: Run = { ...of, worker, ...Promise.withResolvers<void>() }
    this.#runs.set(id, run)
    const { ticket } = of.beside
    tell(worker, { kind: 'run', id, order: { ...order, ticket } }, [ticket.port])
    const stop = () => tell(worker, { kind: 'stop', id })
    of.signal.addEventListener('abort', stop, { once: true })
    if (of.signal.aborted) stop()
    try {
      await run.promise
    } finally {
      of.signal.removeEventListener('abort', stop)
    }
  }

  async stop(): Promise<void> {
    clearTimeout(this.#idle)
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const { module, workerData } = this.#parts
    const worker = new Worker(module, { resourceLimits: HEAP, workerData })
    worker.on('message', (message: FromThread) => this.#take(message))
    let failure: unknown = new Error('the thread of background work ended by itself')
    worker.on('error', (error) => {
      failure = error
    })
    worker.on('exit', () => this.#lose(worker, failure))
    return worker
  }

  #take(message: FromThread): void {
    const run = this.#runs.get(message.id)
    if (message.kind === 'progress') return run?.progress(message.done)
    if (message.kind === 'failed') return this.#parts.onError(message.error, message.what)
    this.#runs.delete(message.id)
    run?.beside.ended()
    if (message.error === undefined) run?.resolve()
    else run?.reject(message.error)
    if (this.#runs.size === 0) this.#idle = setTimeout(() => void this.#rest(), IDLE_MS).unref()
  }

  async #rest(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  /** The thread has ended: nothing of it reads any more. One that began while it ended goes on. */
  #lose(worker: Worker, error: unknown): void {
    if (this.#worker === worker) this.#worker = undefined
    for (const [id, run] of this.#runs) {
      if (run.worker !== worker) continue
      this.#runs.delete(id)
      run.beside.ended()
      run.reject(error)
    }
  }
}

function tell(worker: Worker, message: ToThread, transferred: RunOrder['ticket']['port'][] = []): void {
  worker.postMessage(message, transferred)
}
