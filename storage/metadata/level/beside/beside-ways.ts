import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { ShortTurns } from '../../../short-turns.ts'
import type { Beside, BesideTicket, Commit } from '../../metadata-store.ts'
import { RecentChanges } from '../recent-changes.ts'
import { decodeCommit } from './commit-message.ts'
import { failureOf, type ToStore, type ToThread } from './messages.ts'

type MakeCommit = (commit: Commit) => Promise<void>

/** The threads that read a database beside the one that owns it. */
export class BesideWays {
  readonly #ways = new Set<BesideWay>()
  #changes: RecentChanges | undefined

  /** What changed lately, while anyone has a use for that. */
  get changes(): RecentChanges | undefined {
    return this.#changes
  }

  open(place: string, commit: MakeCommit): Beside {
    const way: BesideWay = new BesideWay(place, commit, () => {
      this.#ways.delete(way)
      // Moments do not count beyond a closing: versions of a batch that failed are given out again.
      if (this.#ways.size === 0) this.#changes = undefined
    })
    this.#ways.add(way)
    this.#changes ??= new RecentChanges()
    return way
  }

  /** Resolves when no other thread has the database open; none of them can read or commit afterwards. */
  async shut(): Promise<void> {
    await Promise.all([...this.#ways].map((way) => way.shut()))
  }
}

/** One of them, as the owner of the database sees it. */
class BesideWay implements Beside {
  readonly ticket: BesideTicket
  readonly #port: MessagePort
  readonly #commit: MakeCommit
  readonly #closed = Promise.withResolvers<void>()
  readonly #turns = new ShortTurns({ isUrgent: false })

  constructor(place: string, commit: MakeCommit, whenOver: () => void) {
    const { port1, port2 } = new MessageChannel()
    this.ticket = { place, port: port2 }
    this.#port = port1
    this.#commit = commit
    void this.#closed.promise.then(whenOver)
    port1.on('message', (message: ToStore) => void this.#take(message))
    // What keeps the process alive is the thread, not the way to it.
    port1.unref()
  }

  async shut(): Promise<void> {
    this.#tell({ kind: 'close' })
    await this.#closed.promise
  }

  ended(): void {
    this.#closed.resolve()
    this.#port.close()
  }

  async #take(message: ToStore): Promise<void> {
    if (message.kind === 'closed') return this.#closed.resolve()
    const { id, memory } = message
    // Many come in one turn of the event loop, and reading them takes as long as other work of requests.
    if (this.#turns.isOver) await this.#turns.rest()
    const failure = await this.#make(memory).then(() => undefined, failureOf)
    this.#tell({ kind: 'settled', id, failure })
  }

  async #make(memory: ArrayBuffer): Promise<void> {
    await this.#commit(decodeCommit(memory))
  }

  #tell(message: ToThread): void {
    this.#port.postMessage(message)
  }
}
