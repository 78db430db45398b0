import type { MessagePort } from 'node:worker_threads'
import { StoreUnavailable } from '../../../store-errors.ts'
import type { Commit } from '../../metadata-store.ts'
import { encodeCommit } from './commit-message.ts'
import { errorOf, type Failure, type ToStore, type ToThread } from './messages.ts'

/** Commits that the owner of a database makes for the thread beside it. */
export class CommitsByPort {
  readonly #port: MessagePort
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>()
  #close: () => Promise<void> = () => Promise.resolve()
  #sequence = 0
  #isClosed = false

  constructor(port: MessagePort) {
    this.#port = port
    port.on('message', (message: ToThread) => {
      if (message.kind === 'settled') this.#settle(message.id, message.failure)
      else void this.#close()
    })
  }

  /** `close` is called when the owner is about to close the database. */
  whenToClose(close: () => Promise<void>): void {
    this.#close = close
  }

  commit(commit: Commit): Promise<void> {
    if (this.#isClosed) return Promise.reject(new StoreUnavailable('the metadata store is closed'))
    const waiting = Promise.withResolvers<void>()
    const id = (this.#sequence += 1)
    this.#waiting.set(id, waiting)
    const memory = encodeCommit(commit)
    this.#tell({ kind: 'commit', id, memory }, [memory])
    return waiting.promise
  }

  /** What is under way is settled as it ends; the port stays open for that. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#tell({ kind: 'closed' })
    if (this.#waiting.size === 0) this.#port.close()
  }

  #settle(id: number, failure: Failure | undefined): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (failure === undefined) waiting?.resolve()
    else waiting?.reject(errorOf(failure))
    if (this.#isClosed && this.#waiting.size === 0) this.#port.close()
  }

  #tell(message: ToStore, transferred: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transferred)
  }
}
