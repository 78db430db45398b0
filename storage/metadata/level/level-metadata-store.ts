import { resolve } from 'node:path'
import { makeDirectory } from '../../make-directory.ts'
import { StoreDamaged, StoreUnavailable } from '../../store-errors.ts'
import type {
  Beside,
  Commit,
  Entry,
  MetadataSnapshot,
  MetadataStore,
  RangeQuery,
  Stored,
} from '../metadata-store.ts'
import { FileBallast } from './ballast.ts'
import { createClassicLevel } from './classic-database.ts'
import { CommitQueue } from './commit-queue.ts'
import { checkFiles } from './files/check-files.ts'
import { refuseAnother, refuseWithoutFirstFiles } from './first-files.ts'
import { noteDamage, refuseKnownDamage } from './known-damage.ts'
import { readLastVersion, writeLastVersion } from './last-version.ts'
import { type ConnectionParts, LevelConnection } from './level-connection.ts'
import type { LevelSnapshot } from './level-database.ts'
import { asStoreError } from './level-errors.ts'
import { LevelReader, openFrames } from './level-reader.ts'
import { readFirst } from './read-first.ts'
import { ReadSpeed } from './read-speed.ts'
import { RecentRanges } from './recent-ranges.ts'
import { RecentReads } from './recent-reads.ts'

const BALLAST_BYTES = 64 << 20
const RECOVERY_MILLISECONDS = 10_000

export interface LevelStoreOptions {
  /** Made when missing. LevelDB's files and the file `ballast` lie in it. */
  readonly directory: string
  /** Disk space held for opening the database again once the disk was full; 64 MiB unless told, 0 for none. */
  readonly ballastBytes?: number
  /** How long (ms) a failed commit waits for its outcome while the database cannot be opened again; 10 s unless told. */
  readonly recoveryMilliseconds?: number
  /** Hears of failed writes and re-openings, one sentence each. */
  readonly notice?: (sentence: string, cause?: unknown) => void
}

/**
 * Opens the embedded store: one LevelDB, one process. Rejects with StoreUnavailable when another process
 * has it open, with NoSpace, or with StoreDamaged.
 */
export async function openLevelMetadataStore(options: LevelStoreOptions): Promise<MetadataStore> {
  const place = resolve(options.directory)
  const known = await lookBefore(place).catch((error: unknown) => {
    throw asStoreError(`cannot open ${place}`, error)
  })
  const notice = options.notice ?? (() => undefined)
  return openLevelStoreOver({
    database: createClassicLevel(place),
    mayBeOpenedBeside: true,
    refuseAnother: () => refuseAnother(place),
    ballast: new FileBallast(place, options.ballastBytes ?? BALLAST_BYTES, { notice }),
    place,
    known,
    remember: (version, isClosed) =>
      remember(place, version, isClosed).catch((error: unknown) =>
        notice('the last version of the records cannot be noted', error),
      ),
    verify: (rest) => verifyFiles(place, rest, notice),
    recoveryMilliseconds: options.recoveryMilliseconds ?? RECOVERY_MILLISECONDS,
    notice,
  })
}

type Notice = NonNullable<LevelStoreOptions['notice']>

/** What was found once is damage for good: LevelDB may have written the table anew since, with what is missing. */
async function verifyFiles(place: string, rest: () => Promise<void>, notice: Notice): Promise<void> {
  await refuseKnownDamage(place)
  try {
    await checkFiles(place, { everything: rest })
  } catch (error) {
    if (error instanceof StoreDamaged)
      await noteDamage(place, error).catch((cause: unknown) =>
        notice('that the database is damaged cannot be noted', cause),
      )
    throw error
  }
}

/** Reads all files of the database in `directory`, which a server may have open. Throws StoreDamaged, naming one. */
export async function checkLevelFiles(directory: string): Promise<void> {
  await refuseWithoutFirstFiles(directory)
  await refuseKnownDamage(directory)
  await checkFiles(directory, { everything: () => Promise.resolve() })
}

/** Opening changes files: what is wrong with them is found before. Gives the last version that is known. */
async function lookBefore(directory: string): Promise<bigint> {
  await refuseWithoutFirstFiles(directory)
  await makeDirectory(directory)
  const { version, logs } = await readLastVersion(directory)
  await checkFiles(directory, { closed: logs })
  return version
}

/** Of logs that were damaged while the database was open nothing is noted: the next start is to find them. */
async function remember(directory: string, version: bigint, isClosed: boolean): Promise<void> {
  const isWhole = isClosed && (await isUndamaged(directory))
  await writeLastVersion(directory, version, isWhole)
}

async function isUndamaged(directory: string): Promise<boolean> {
  try {
    await checkFiles(directory)
    return true
  } catch (error) {
    if (error instanceof StoreDamaged) return false
    throw error
  }
}

interface StoreParts extends ConnectionParts {
  /** Absent where there are no files. */
  readonly verify?: MetadataStore['verify']
}

/**
 * The same store over any database of the Level family: for memory-level and for tests.
 * @internal
 */
export async function openLevelStoreOver({ verify, ...parts }: StoreParts): Promise<MetadataStore> {
  const connection = new LevelConnection(parts)
  await connection.start()
  return new LevelMetadataStore(connection, verify)
}

class LevelMetadataStore implements MetadataStore {
  readonly #connection: LevelConnection
  readonly #reader: LevelReader
  readonly #recent: RecentReads
  readonly #ranges: RecentRanges
  readonly #queue: CommitQueue
  readonly verify: MetadataStore['verify']

  constructor(connection: LevelConnection, verify: MetadataStore['verify']) {
    this.verify = verify
    this.#connection = connection
    this.#reader = new LevelReader(connection, new ReadSpeed())
    this.#recent = new RecentReads(this.#reader)
    this.#ranges = new RecentRanges(this.#reader)
    connection.whenOpenedAgain(() => {
      this.#recent.forget()
      this.#ranges.forget()
    })
    const base = {
      reader: this.#reader,
      records: this.#recent,
      ranges: this.#ranges,
      changes: () => connection.changes,
    }
    this.#queue = new CommitQueue(connection, base)
  }

  /** Both only grow. Opening again counts, too: it can bring what a failed write left in the log. */
  get generation(): number | undefined {
    const batches = this.#recent.quietBatches
    return batches === undefined ? undefined : batches + this.#connection.epoch
  }

  read(keys: readonly Uint8Array[], bytes?: number): Promise<(Stored | undefined)[]> {
    return bytes === undefined ? this.#recent.read(keys) : readFirst(this.#recent, keys, bytes)
  }

  async range(query: RangeQuery): Promise<Entry[]> {
    return openFrames(await this.#ranges.framesIn(query))
  }

  commit(commit: Commit): Promise<void> {
    return this.#queue.add(commit)
  }

  beside(commit: (commit: Commit) => Promise<void>): Beside | undefined {
    return this.#connection.beside(commit)
  }

  async snapshot(): Promise<MetadataSnapshot> {
    const snapshot = await this.#connection.snapshot()
    return new LevelMetadataSnapshot(this.#connection, this.#reader.at(snapshot), snapshot)
  }

  async close(): Promise<void> {
    await this.#queue.close()
    this.#recent.close()
    this.#ranges.close()
    await this.#connection.close()
  }
}

class LevelMetadataSnapshot implements MetadataSnapshot {
  readonly #connection: LevelConnection
  readonly #reader: LevelReader
  readonly #snapshot: LevelSnapshot
  readonly #epoch: number

  constructor(connection: LevelConnection, reader: LevelReader, snapshot: LevelSnapshot) {
    this.#connection = connection
    this.#reader = reader
    this.#snapshot = snapshot
    this.#epoch = connection.epoch
  }

  async read(keys: readonly Uint8Array[]): Promise<(Stored | undefined)[]> {
    this.#refuseEnded()
    return this.#reader.read(keys)
  }

  async range(query: RangeQuery): Promise<Entry[]> {
    this.#refuseEnded()
    return this.#reader.range(query)
  }

  close(): Promise<void> {
    return this.#snapshot.close()
  }

  /** A failed write closes the database, and LevelDB's snapshots end with it. */
  #refuseEnded(): void {
    if (this.#epoch !== this.#connection.epoch) {
      throw new StoreUnavailable('the database was opened again since this snapshot was taken: take another')
    }
  }
}
