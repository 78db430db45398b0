import { Worker } from 'node:worker_threads'

/** A file that could not be removed, and what the system said: an error's code and its sentence. */
export interface FailedUnlink {
  readonly path: string
  readonly code: string | undefined
  readonly message: string
}

const LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 }
/** How long (ms) the thread is kept without work. */
const IDLE_MS = 5000

interface Waiting {
  readonly resolve: (failed: readonly FailedUnlink[]) => void
  readonly reject: (error: unknown) => void
}

/** What the thread is asked, and what it answers. */
export interface UnlinkTask {
  readonly id: number
  readonly paths: readonly string[]
}
export interface UnlinkAnswer {
  readonly id: number
  readonly failed: readonly FailedUnlink[]
}

const waiting = new Map<number, Waiting>()
let worker: Worker | undefined
let idle: NodeJS.Timeout | undefined
let sequence = 0

/**
 * Removes many files by way of a thread of its own: to hand each to the thread pool and to hear of it takes longer than
 * removing it, and would be taken from requests. Gives those that could not be removed.
 */
export function unlinkAside(paths: readonly string[]): Promise<readonly FailedUnlink[]> {
  clearTimeout(idle)
  worker ??= startWorker()
  // The process stays until the work is done, and not for an idle thread.
  worker.ref()
  const task: UnlinkTask = { id: (sequence += 1), paths }
  const answer = new Promise<readonly FailedUnlink[]>((resolve, reject) =>
    waiting.set(task.id, { resolve, reject }),
  )
  worker.postMessage(task)
  return answer
}

function startWorker(): Worker {
  const started = new Worker(new URL('./unlink-worker.ts', import.meta.url), { resourceLimits: LIMITS })
  started.on('message', ({ id, failed }: UnlinkAnswer) => {
    waiting.get(id)?.resolve(failed)
    waiting.delete(id)
    if (waiting.size > 0) return
    started.unref()
    idle = setTimeout(() => retire(started), IDLE_MS).unref()
  })
  started.on('error', (error) => fail(started, error))
  started.on('exit', (code) => fail(started, new Error(`the thread that removes files ended with ${code}`)))
  return started
}

/** From here on nobody is given to it: what came while it ends would be lost with it. */
function retire(tired: Worker): void {
  if (worker === tired) worker = undefined
  void tired.terminate()
}

function fail(ended: Worker, error: unknown): void {
  if (worker !== ended) return
  worker = undefined
  for (const one of waiting.values()) one.reject(error)
  waiting.clear()
}
