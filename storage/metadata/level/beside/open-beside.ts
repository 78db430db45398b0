import { StoreUnavailable } from '../../../store-errors.ts'
import type {
  BesideTicket,
  Commit,
  Entry,
  MetadataSnapshot,
  MetadataStore,
  RangeQuery,
  Stored,
} from '../../metadata-store.ts'
import { createClassicLevel } from '../classic-database.ts'
import { COUNTER_KEY } from '../keyspace.ts'
import type { LevelDatabase } from '../level-database.ts'
import { asStoreError } from '../level-errors.ts'
import { LevelReader } from '../level-reader.ts'
import { readFirst } from '../read-first.ts'
import { ReadSpeed } from '../read-speed.ts'
import { openFrame } from '../value-frame.ts'
import { BesideView } from './beside-view.ts'
import { CommitsByPort } from './commits-by-port.ts'
import { ShortRests } from './short-rests.ts'

/**
 * The store whose `ticket` this is, for a thread that does not own it: reads the database by itself, and has its owner
 * commit. Ends when the owner closes the database: then all rejects with StoreUnavailable.
 */
export async function openBeside({ place, port }: BesideTicket): Promise<MetadataStore> {
  const database = createClassicLevel(place)
  await database.open()
  return new BesideStore(place, database, new CommitsByPort(port))
}

class BesideStore implements MetadataStore {
  readonly #place: string
  readonly #database: LevelDatabase
  readonly #commits: CommitsByPort
  readonly #reader: LevelReader
  readonly #rests = new ShortRests()
  #closing: Promise<void> | undefined

  constructor(place: string, database: LevelDatabase, commits: CommitsByPort) {
    this.#place = place
    this.#database = database
    this.#commits = commits
    // A batch of the owner may land between any two reads.
    const connection = {
      read: <T>(work: (database: LevelDatabase) => Promise<T> | T) => this.#read(work),
      isWriting: true,
    }
    this.#reader = new LevelReader(connection, new ReadSpeed())
    commits.whenToClose(() => this.close())
  }

  read(keys: readonly Uint8Array[], bytes?: number): Promise<(Stored | undefined)[]> {
    return bytes === undefined ? this.#reader.read(keys) : readFirst(this.#reader, keys, bytes)
  }

  range(query: RangeQuery): Promise<Entry[]> {
    return this.#reader.range(query)
  }

  commit(commit: Commit): Promise<void> {
    return this.#commits.commit(commit)
  }

  view(): MetadataStore {
    const since = this.#closing === undefined ? counterOf(this.#database) : Number.POSITIVE_INFINITY
    return new BesideView({ store: this, reader: this.#reader, since })
  }

  async snapshot(): Promise<MetadataSnapshot> {
    const snapshot = await this.#read((database) => database.snapshot())
    const reader = this.#reader.at(snapshot)
    return {
      read: (keys) => reader.read(keys),
      range: (query) => reader.range(query),
      close: () => snapshot.close(),
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#database.close().then(() => this.#commits.close())
    return this.#closing
  }

  async #read<T>(work: (database: LevelDatabase) => Promise<T> | T): Promise<T> {
    if (this.#closing !== undefined)
      throw new StoreUnavailable(`${this.#place} was closed by the thread that owns it`)
    this.#rests.take()
    try {
      return await work(this.#database)
    } catch (error) {
      throw asStoreError(`cannot read ${this.#place}`, error)
    }
  }
}

/** The version of the last batch whose changes can be read. */
function counterOf(database: LevelDatabase): number {
  const frame = database.getSync(COUNTER_KEY, {})
  return frame === undefined ? 0 : Number(openFrame(COUNTER_KEY, frame).version)
}
