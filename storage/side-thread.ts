import { parentPort, type ResourceLimits, Worker } from 'node:worker_threads'

/** What a thread is asked, and what it answers: anything that postMessage takes. */
export interface SideWork {
  readonly task: unknown
  readonly answer: unknown
}

interface Asked<Work extends SideWork> {
  readonly id: number
  readonly task: Work['task']
}

interface Answered<Work extends SideWork> {
  readonly id: number
  readonly answer: Work['answer']
}

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

export interface SideThreadOptions {
  /** What it runs; calls answerTasks. */
  readonly module: URL
  /** In errors: 'the thread that …'. */
  readonly purpose: string
  readonly limits: ResourceLimits
  /** How long (ms) it is kept without work. */
  readonly idleMs: number
}

/** A thread for work that would hold up the event loop: there from the first task on until it had none for a while. */
export class SideThread<Work extends SideWork> {
  readonly #options: SideThreadOptions
  readonly #waiting = new Map<number, Waiting<Work['answer']>>()
  #worker: Worker | undefined
  #idle: NodeJS.Timeout | undefined
  #sequence = 0

  constructor(options: SideThreadOptions) {
    this.#options = options
  }

  /** Rejects when the thread ends before it answers: it threw, or needed more memory than it may have. */
  ask(task: Work['task']): Promise<Work['answer']> {
    clearTimeout(this.#idle)
    this.#worker ??= this.#start()
    // The process stays until the work is done, and not for an idle thread.
    this.#worker.ref()
    const asked: Asked<Work> = { id: (this.#sequence += 1), task }
    const answer = new Promise<Work['answer']>((resolve, reject) =>
      this.#waiting.set(asked.id, { resolve, reject }),
    )
    this.#worker.postMessage(asked)
    return answer
  }

  #start(): Worker {
    const { module, purpose, limits } = this.#options
    const started = new Worker(module, { resourceLimits: limits })
    started.on('message', ({ id, answer }: Answered<Work>) => {
      this.#waiting.get(id)?.resolve(answer)
      this.#waiting.delete(id)
      if (this.#waiting.size === 0) this.#rest(started)
    })
    started.on('error', (error) => this.#fail(started, error))
    started.on('exit', (code) =>
      this.#fail(started, new Error(`the thread that ${purpose} ended with ${code}`)),
    )
    return started
  }

  #rest(worker: Worker): void {
    worker.unref()
    this.#idle = setTimeout(() => {
      // From here on nobody is given to it: what came while it ends would be lost with it.
      if (this.#worker === worker) this.#worker = undefined
      void worker.terminate()
    }, this.#options.idleMs).unref()
  }

  #fail(ended: Worker, error: unknown): void {
    if (this.#worker !== ended) return
    this.#worker = undefined
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

/** The other side, in the thread: answers each task as it comes. What `act` throws ends the thread. */
export function answerTasks<Work extends SideWork>(
  act: (task: Work['task']) => Work['answer'] | Promise<Work['answer']>,
): void {
  const answer = async ({ id, task }: Asked<Work>): Promise<void> => {
    const answered: Answered<Work> = { id, answer: await act(task) }
    parentPort?.postMessage(answered)
  }
  parentPort?.on('message', (asked: Asked<Work>) => void answer(asked))
}
