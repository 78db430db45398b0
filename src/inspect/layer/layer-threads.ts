import { LayerThread } from './layer-thread.ts'

/** How long a thread waits for its next layer, in ms: images have many, and most take less than a thread's start. */
const IDLE_MS = 5000

/** Threads for layers, one after the other: those that wait for the next one are few, and soon end. */
export class LayerThreads {
  readonly #idle = new Map<LayerThread, NodeJS.Timeout>()

  take(): LayerThread {
    for (const [thread, timer] of this.#idle) {
      clearTimeout(timer)
      this.#idle.delete(thread)
      if (!thread.isOver) return thread
    }
    return new LayerThread()
  }

  /** Keeps a thread for the next layer. One that met a limit is not given back, but ended. */
  giveBack(thread: LayerThread): void {
    const timer = setTimeout(() => {
      this.#idle.delete(thread)
      void thread.end()
    }, IDLE_MS)
    this.#idle.set(thread, timer)
  }

  /** Ends those that wait. */
  async stop(): Promise<void> {
    const waiting = [...this.#idle]
    this.#idle.clear()
    await Promise.all(
      waiting.map(([thread, timer]) => {
        clearTimeout(timer)
        return thread.end()
      }),
    )
  }
}
