import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { UploadState } from '../../storage/blobs/blob-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import type { RegistryError } from '../oci/registry-error.ts'
import { type UploadRecord, uploadCodec } from '../records/upload.ts'
import type { RegistryParts } from './parts.ts'
import {
  loadSession,
  outOfOrder,
  recordStep,
  type Session,
  type SessionName,
  type SessionStep,
  withoutWriter,
} from './upload-session.ts'

/** How long a second writer waits for the first to end, and how often it asks after one on another replica. */
const PATIENCE_MS = 1000
const LOOK_MS = 200

/** How long a request writes before it says so to other replicas: most are over by then, and cost no commit more. */
const SILENT_MS = 500
/** How often one that goes on says so again, and how long it is believed without a word. */
const RENEW_MS = 3000
const BELIEVED_MS = 10_000
/** By how much the clocks of replicas may differ, and some. */
const SKEW_MS = 60_000
/** In such a part of the time after which an idle session is forgotten, one that goes on says so at least. */
const PART_OF_EXPIRY = 4

/** One writer at a time for each upload session, in this process and among replicas. */
export class UploadTurns {
  readonly #parts: RegistryParts
  /** This process among the replicas. */
  readonly #process = randomUUID()
  /** Ends when the request that is writing to the session has ended. */
  readonly #writing = new Map<string, Promise<unknown>>()

  constructor(parts: RegistryParts) {
    this.#parts = parts
  }

  /**
   * Runs `work` when it is its turn. A client that lost its connection may be back before its old request has noticed:
   * so the second waits a little, and is then told how far the session is. The session is loaded in the turn: one that
   * was loaded before could be older than what the last writer did, and its bytes would be cut off.
   */
  async take<Result>(name: SessionName, work: (writing: Writing) => Promise<Result>): Promise<Result> {
    const { id } = name
    let patience: Promise<'over'> | undefined
    // Nothing is awaited between the last look and the entry below: of many who wait, one goes next.
    for (let before = this.#writing.get(id); before !== undefined; before = this.#writing.get(id)) {
      patience ??= setTimeout(PATIENCE_MS, 'over' as const, { ref: false })
      if ((await Promise.race([before, patience])) === 'over')
        throw busy(name, await loadSession(this.#parts, name))
    }
    const mine = Promise.withResolvers<undefined>()
    this.#writing.set(id, mine.promise)
    this.#parts.meter.writing += 1
    try {
      return await this.#work(name, work)
    } finally {
      this.#writing.delete(id)
      this.#parts.meter.writing -= 1
      mine.resolve(undefined)
    }
  }

  async #work<Result>(name: SessionName, work: (writing: Writing) => Promise<Result>): Promise<Result> {
    const session = await this.#whenOthersEnd(name)
    const writing = new Writing(this.#parts, { name, session, process: this.#process })
    try {
      return await work(writing)
    } catch (error) {
      await writing.leave()
      throw error
    }
  }

  async #whenOthersEnd(name: SessionName): Promise<Session> {
    const end = performance.now() + PATIENCE_MS
    for (;;) {
      const session = await loadSession(this.#parts, name)
      if (!this.#isWrittenElsewhere(session.record)) return session
      if (performance.now() >= end) throw busy(name, session)
      await setTimeout(LOOK_MS)
    }
  }

  #isWrittenElsewhere({ writer }: UploadRecord): boolean {
    if (writer === undefined || writer.process === this.#process) return false
    const left = writer.until - this.#parts.now()
    // More than anybody is given now is from before a clock was set back.
    return left > 0 && left <= BELIEVED_MS + SKEW_MS
  }
}

function busy(name: SessionName, { record }: Session): RegistryError {
  return outOfOrder(name, record.offset, 'another request is writing to this upload session')
}

/**
 * A session while a request writes to it. Who goes on says so in the record, as bytes come: to other replicas, where a
 * request whose client is gone, or whose replica is, keeps nobody away for longer than BELIEVED_MS; and to the job that
 * forgets idle sessions, which one request of hours is not.
 */
export class Writing {
  readonly #parts: RegistryParts
  readonly #name: SessionName
  readonly #process: string
  #session: Session
  #due: number
  /** Steps follow one another, since each builds on the record that the last one left; after one that failed, all fail. */
  #last: Promise<void> = Promise.resolve()

  constructor(
    parts: RegistryParts,
    { name, session, process }: { name: SessionName; session: Session; process: string },
  ) {
    this.#parts = parts
    this.#name = name
    this.#session = session
    this.#process = process
    this.#due = parts.now() + (parts.settings.hasReplicas ? SILENT_MS : this.#renewal)
  }

  get #renewal(): number {
    const { hasReplicas, uploadExpiry } = this.#parts.settings
    return Math.min(hasReplicas ? RENEW_MS : Number.POSITIVE_INFINITY, uploadExpiry / PART_OF_EXPIRY)
  }

  /** As it is now: it moves on with each step. */
  get session(): Session {
    return this.#session
  }

  /** Writes down what this request has begun. Rejects as recordStep does. */
  record(step: SessionStep): Promise<void> {
    this.#last = this.#recordAfter(this.#last, step)
    return this.#last
  }

  /** Writes down that this request goes on, and from which state. Rejects as recordStep does. */
  recordGoingOn(state?: UploadState): Promise<void> {
    const now = this.#parts.now()
    this.#due = now + this.#renewal
    const { hasReplicas } = this.#parts.settings
    return this.record({
      ...(state !== undefined && { state }),
      ...(hasReplicas && { writer: { process: this.#process, until: now + BELIEVED_MS } }),
    })
  }

  async #recordAfter(last: Promise<void>, step: SessionStep): Promise<void> {
    await last
    this.#session = await recordStep(this.#parts, this.#name, this.#session, step)
  }

  /** Called as bytes come. Rejects with RANGE_INVALID when another request was faster. */
  async goOn(): Promise<void> {
    if (this.#parts.now() >= this.#due) await this.recordGoingOn()
  }

  /** Says that a request which failed writes no more. When that fails too it is believed for a while, and no longer. */
  async leave(): Promise<void> {
    if (this.#session.record.writer?.process !== this.#process) return
    await transact(this.#parts.metadata, async (transaction) => {
      const now = await transaction.getChecked(uploadCodec, this.#session.key)
      if (now?.value.writer?.process !== this.#process) return
      transaction.set(uploadCodec, now.key, withoutWriter(now.value))
    }).catch(() => undefined)
  }
}
