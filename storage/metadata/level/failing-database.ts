import type {
  LevelBatchOptions,
  LevelDatabase,
  LevelIterator,
  LevelOperation,
  LevelRange,
  LevelReadOptions,
  LevelSnapshot,
} from './level-database.ts'

/**
 * How the next batch fails: nothing of it arrives, or all of it and only the answer is lost, or it lies in the log, whose
 * sync failed, and is seen once the database is opened again.
 */
export type BatchFailure = 'lost' | 'arrived' | 'logged'

/**
 * For tests: a database that fails when told to, and does what LevelDB does after a torn log record:
 * batches go on being acknowledged, and are gone when the database is opened again.
 */
export class FailingDatabase implements LevelDatabase {
  /** What was asked of the database, in order. */
  readonly events: string[] = []
  failBatches: BatchFailure[] = []
  failOpens = 0
  error: Error = new Error('Input/output error')
  readonly #inner: LevelDatabase
  #isTorn = false
  #logged: LevelOperation[] = []

  constructor(inner: LevelDatabase) {
    this.#inner = inner
  }

  async open(): Promise<void> {
    this.events.push('open')
    if (this.failOpens > 0) {
      this.failOpens -= 1
      throw this.error
    }
    await this.#inner.open()
    this.#isTorn = false
    if (this.#logged.length > 0) await this.#inner.batch(this.#logged, { sync: true })
    this.#logged = []
  }

  async close(): Promise<void> {
    this.events.push('close')
    await this.#inner.close()
  }

  getSync(key: Uint8Array, options: LevelReadOptions): Uint8Array | undefined {
    return this.#inner.getSync(key, options)
  }

  getMany(keys: Uint8Array[], options: LevelReadOptions): Promise<(Uint8Array | undefined)[]> {
    return this.#inner.getMany(keys, options)
  }

  async batch(operations: LevelOperation[], options: LevelBatchOptions): Promise<void> {
    const failure = this.failBatches.shift()
    this.events.push(failure === undefined ? 'batch' : 'failed batch')
    if (!this.#isTorn && failure === 'logged') this.#logged = operations
    else if (!this.#isTorn && failure !== 'lost') await this.#inner.batch(operations, options)
    if (failure === undefined) return
    this.#isTorn = true
    throw this.error
  }

  iterator(options: LevelRange): LevelIterator {
    return this.#inner.iterator(options)
  }

  snapshot(): LevelSnapshot {
    return this.#inner.snapshot()
  }
}
