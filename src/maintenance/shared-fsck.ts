import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import { NoSpace, StoreUnavailable } from '../../storage/store-errors.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { type FsckRecord, fsckCodec } from '../records/cursor.ts'
import { keys } from '../records/keys.ts'
import { checkUnderWay, type Fsck, type FsckStatus } from './fsck.ts'
import type { FsckOptions } from './fsck-parts.ts'

const KEY = keys.cursor('fsck')
const TELL_MS = 1000
/** A process that has said nothing for so long is gone, or will find that another one checks. */
const SILENT_MS = 30_000

export interface SharedFsckParts {
  readonly fsck: Pick<Fsck, 'start' | 'status' | 'ended' | 'stop'>
  readonly metadata: MetadataStore
  readonly now: () => number
  /** Told when it could not be written down how far a check is. */
  readonly onError: (error: unknown) => void
}

/** A check as it is told. */
export interface SharedFsckStatus extends FsckStatus {
  /** Why no other replica knows how far it is. Absent: all do. */
  readonly alone?: string
}

/**
 * The one check of all replicas: whichever of them is asked tells how far it is, whichever runs it. Where nothing can be
 * written, as on a full disk, a process checks all the same, and tells alone of what it found.
 */
export class SharedFsck {
  readonly #parts: SharedFsckParts
  #telling: Promise<void> | undefined
  /** Why the records do not say how far the last check of this process is. */
  #alone: string | undefined

  constructor(parts: SharedFsckParts) {
    this.#parts = parts
  }

  /** The check that is under way, or the last one; undefined before the first. */
  async status(): Promise<SharedFsckStatus | undefined> {
    const { status } = this.#parts.fsck
    const own = status && this.#alone !== undefined ? { ...status, alone: this.#alone } : undefined
    if (own?.state === 'running') return own
    const shared = await this.#recorded()
    return own !== undefined && (shared === undefined || shared.begun <= own.begun) ? own : shared
  }

  /**
   * Begins a check in this process. Throws CONFLICT while one is under way in any, as far as the records say, and
   * UNAVAILABLE for a repair while nothing can be written.
   */
  async start(options: FsckOptions): Promise<SharedFsckStatus> {
    const { fsck } = this.#parts
    if (fsck.status?.state === 'running') throw checkUnderWay()
    const id = randomUUID()
    try {
      const status = await this.#claim(id, options)
      this.#alone = undefined
      fsck.start(options)
      this.#telling = this.#tell(id)
      return status
    } catch (error) {
      if (!takesNoWrites(error)) throw error
      if (options.repair) throw unrepairable(error)
      const status = fsck.start(options)
      this.#alone = whyAlone(error)
      return { ...status, alone: this.#alone }
    }
  }

  /** Ends a check that runs here. */
  async stop(): Promise<void> {
    await this.#parts.fsck.stop()
    await this.#telling
  }

  async #recorded(): Promise<FsckStatus | undefined> {
    const [stored] = await this.#parts.metadata.read([KEY])
    if (stored === undefined) return undefined
    const { told, id: _, problems, ...rest } = fsckCodec.decode(stored.value)
    const status = { ...rest, problems: new Map(problems.map(({ problem, ...counts }) => [problem, counts])) }
    if (rest.state !== 'running' || !this.#isSilent(told)) return status
    return { ...status, state: 'failed', error: 'the server that ran it has stopped' }
  }

  /** Writes down that this process begins a check. */
  #claim(id: string, options: FsckOptions): Promise<FsckStatus> {
    const { metadata, now } = this.#parts
    return transact(metadata, async (transaction) => {
      const last = await transaction.getChecked(fsckCodec, KEY)
      if (last?.value.state === 'running' && !this.#isSilent(last.value.told)) throw checkUnderWay()
      const begun = { ...options, state: 'running', begun: now(), checked: NOTHING } as const
      transaction.set(fsckCodec, KEY, { ...begun, id, told: now(), problems: [], examples: [] })
      return { ...begun, problems: new Map(), examples: [] }
    })
  }

  #isSilent(told: number): boolean {
    // Of a time to come: it was told before the clock was set back.
    return Math.abs(this.#parts.now() - told) > SILENT_MS
  }

  /** Writes down how far the check is, now and then and at its end. */
  async #tell(id: string): Promise<void> {
    const { fsck, onError } = this.#parts
    for (let over = false; !over; ) {
      const waiting = new AbortController()
      const turn = setTimeout(TELL_MS, undefined, { signal: waiting.signal, ref: false }).catch(
        () => undefined,
      )
      await Promise.race([fsck.ended(), turn])
      waiting.abort()
      const { status } = fsck
      if (status === undefined) return
      over = status.state !== 'running'
      try {
        await this.#write(id, status)
        this.#alone = undefined
      } catch (error) {
        this.#alone = whyAlone(error)
        onError(error)
      }
    }
  }

  async #write(id: string, { problems, ...status }: FsckStatus): Promise<void> {
    const { metadata, now } = this.#parts
    const listed = [...problems].map(([problem, counts]) => ({ problem, ...counts }))
    await transact(metadata, async (transaction) => {
      const stored = await transaction.getChecked(fsckCodec, KEY)
      // A process that was paused for long does not speak over the check that another one has begun since.
      if (stored?.value.id !== id) return
      const value: FsckRecord = { ...status, id, told: now(), problems: listed }
      transaction.set(fsckCodec, KEY, value)
    })
  }
}

const NOTHING = { records: 0, blobs: 0, locations: 0 }

/** A full disk, a database that only reads or does not serve, a registry that moves to other stores. */
function takesNoWrites(error: unknown): boolean {
  const moves = error instanceof RegistryError && error.code === 'UNAVAILABLE'
  return moves || error instanceof NoSpace || error instanceof StoreUnavailable
}

function whyAlone(error: unknown): string {
  return `how far it is cannot be written down for other servers (${messageOf(error)})`
}

function unrepairable(error: unknown): RegistryError {
  return new RegistryError('UNAVAILABLE', {
    message: `nothing can be repaired while the database takes no writes (${messageOf(error)}); a check without --repair is possible now`,
    headers: { 'retry-after': '60' },
    cause: error,
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
