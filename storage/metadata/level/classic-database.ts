import { ClassicLevel } from 'classic-level'
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
 * Bytes of the log before LevelDB begins a new one. It creates and removes files under the lock that every read takes
 * for a moment: with a log of 4 MiB, its default, reads waited 15 ms for a disk every few seconds.
 */
const LOG_BYTES = 16 << 20
const TABLE_BYTES = 8 << 20

/**
 * Bytes of an operation, on average, up to which a batch is filled call by call. Its memory outside of V8's is free again
 * only when V8 collects its own, of which each operation has about as much.
 */
const SMALL_OPERATION = 512

/**
 * The LevelDB in `directory`, not yet open. Several of them in one process are one database, open until the last of them
 * is closed; the one that was opened first has to be closed last.
 */
export function createClassicLevel(directory: string): LevelDatabase {
  return new ClassicDatabase(
    new ClassicLevel(directory, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      multithreading: true,
      writeBufferSize: LOG_BYTES,
      maxFileSize: TABLE_BYTES,
    }),
  )
}

/** Takes batches over in a third of the time that an array of many operations holds the event loop. */
class ClassicDatabase implements LevelDatabase {
  readonly #level: ClassicLevel<Uint8Array, Uint8Array>

  constructor(level: ClassicLevel<Uint8Array, Uint8Array>) {
    this.#level = level
  }

  open(): Promise<void> {
    return this.#level.open()
  }

  close(): Promise<void> {
    return this.#level.close()
  }

  getSync(key: Uint8Array, options: LevelReadOptions): Uint8Array | undefined {
    return this.#level.getSync(key, options)
  }

  getMany(keys: Uint8Array[], options: LevelReadOptions): Promise<(Uint8Array | undefined)[]> {
    return this.#level.getMany(keys, options)
  }

  async batch(operations: LevelOperation[], options: LevelBatchOptions): Promise<void> {
    if (bytesOf(operations) > operations.length * SMALL_OPERATION)
      return this.#level.batch(operations, options)
    const batch = this.#level.batch()
    for (const operation of operations) {
      if (operation.type === 'put') batch.put(operation.key, operation.value)
      else batch.del(operation.key)
    }
    await batch.write(options)
  }

  iterator(options: LevelRange): LevelIterator {
    return this.#level.iterator(options)
  }

  snapshot(): LevelSnapshot {
    return this.#level.snapshot()
  }
}

function bytesOf(operations: readonly LevelOperation[]): number {
  let bytes = 0
  for (const operation of operations)
    bytes += operation.key.length + (operation.type === 'put' ? operation.value.length : 0)
  return bytes
}
