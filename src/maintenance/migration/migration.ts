import { setTimeout as sleep } from 'node:timers/promises'
import type { BlobStore } from '../../../storage/blobs/blob-store.ts'
import type { Digest } from '../../oci/digest.ts'
import type { DepartureRecord } from '../../records/migration.ts'
import { catchUp } from './catch-up.ts'
import { findDifference } from './compare.ts'
import { agree, markSource, markTarget, refusal, sourceVersion } from './marks.ts'
import { TargetTaken } from './move-records.ts'
import type { Followed, MoveParts, Place, Progress } from './place.ts'
import { clearOutbox, drainAll, drainPage, WALKED, walk } from './walk.ts'

/** How often the first pass notes how far it is, in milliseconds: what is copied twice does no harm. */
const NOTE_MS = 2000
/** How often the little that still changes after the move is carried over, in milliseconds. */
const FOLLOW_MS = 1000

/** Stores that were opened to be filled. */
export interface OpenTarget extends Place {
  /** What they are, for people: no secrets. */
  readonly name: string
  close(): Promise<void>
}

/**
 * `copying`: pushes and pulls go on. `finishing`: pushes get 503. `moved`: the new stores are complete; here only
 * pulls go on, until this server is stopped. `stopped`: the move was cut or failed, and goes on when it is asked for again.
 */
export type MovePhase = 'none' | 'copying' | 'finishing' | 'moved' | 'stopped'

export interface MoveState extends Progress {
  readonly phase: MovePhase
  readonly target: string | undefined
  readonly started: number | undefined
  /** Why it is `stopped`. */
  readonly problem: string | undefined
}

export interface MigrationParts {
  readonly source: { readonly metadata: Followed; readonly blobs: BlobStore }
  /** The move that was under way when the server was last stopped. */
  readonly departure: DepartureRecord | undefined
  readonly now: () => number
  readonly onError: (error: unknown, what: string) => void
}

/** Moves the whole registry to other stores while it serves. One for each server. */
export class Migration {
  readonly #parts: MigrationParts
  #record: DepartureRecord | undefined
  #phase: MovePhase
  #problem: string | undefined
  #progress: Progress = { blobs: 0, bytes: 0, records: 0 }
  #running:
    | { readonly target: OpenTarget; readonly abort: AbortController; readonly done: Promise<void> }
    | undefined

  constructor(parts: MigrationParts) {
    this.#parts = parts
    this.#record = parts.departure
    this.#phase = parts.departure === undefined ? 'none' : 'stopped'
  }

  get state(): MoveState {
    return {
      phase: this.#phase,
      target: this.#record?.target,
      started: this.#record?.started,
      problem: this.#problem,
      ...this.#progress,
    }
  }

  /**
   * Begins the move, or goes on with the one that was cut. Resolves when it runs; `state` tells the rest.
   * Throws CONFLICT, and what `open` throws.
   */
  async start(open: () => Promise<OpenTarget>): Promise<void> {
    if (this.#running !== undefined) throw refusal('A move is already under way.')
    const target = await open()
    try {
      const wanted = { name: target.name, now: this.#parts.now() }
      const record = await agree(target.metadata, this.#record, wanted)
      await this.#parts.source.metadata.follow()
      await this.#write(record)
    } catch (error) {
      await target.close()
      throw error
    }
    this.#phase = 'copying'
    this.#problem = undefined
    this.#progress = { blobs: 0, bytes: 0, records: 0 }
    const abort = new AbortController()
    this.#running = { target, abort, done: this.#run(target, abort.signal) }
  }

  /** Gives the move up: writes go on here as if it had never been. Throws CONFLICT when the new place may be in use. */
  async cancel(): Promise<void> {
    const record = this.#record
    if (record === undefined) return
    if (record.phase === 'moved') await this.#takeBack(record)
    await this.stop()
    const { metadata } = this.#parts.source
    metadata.unfollow()
    await this.#write(undefined)
    await clearOutbox(metadata)
    metadata.lift()
    this.#phase = 'none'
    this.#problem = undefined
  }

  /** Ends what is under way; it goes on with the next `start`. */
  async stop(): Promise<void> {
    this.#running?.abort.abort()
    await this.#running?.done
    this.#running = undefined
  }

  /** The new stores are made unusable first: two registries with one past must not both take writes. */
  async #takeBack(record: DepartureRecord): Promise<void> {
    const target = this.#running?.target
    if (target === undefined)
      throw refusal(
        `This registry has moved to ${record.target}. Run \`lamina migrate --to\` once more, so that those stores can be closed, and then cancel.`,
      )
    await markTarget(target.metadata, record.id, 'filling')
  }

  async #write(record: DepartureRecord | undefined): Promise<void> {
    await markSource(this.#parts.source.metadata, record)
    this.#record = record
  }

  async #run(target: OpenTarget, signal: AbortSignal): Promise<void> {
    try {
      await this.#move(target, signal)
    } catch (error) {
      if (error instanceof TargetTaken && this.#phase === 'moved') return
      this.#phase = 'stopped'
      if (signal.aborted) return
      this.#problem = error instanceof Error ? error.message : String(error)
      this.#parts.onError(error, 'the move to other stores')
    } finally {
      this.#parts.source.metadata.pace(0)
      await target.close()
      this.#running = undefined
    }
  }

  async #move(target: OpenTarget, signal: AbortSignal): Promise<void> {
    const { source, now } = this.#parts
    const begun = this.#record
    if (begun === undefined) throw new TypeError('a move without a record')
    const parts: MoveParts = { source, target, id: begun.id, now, progress: this.#progress }
    const damaged = new Set<Digest>()
    const cursor = begun.cursor === undefined ? undefined : Buffer.from(begun.cursor, 'base64')
    const newest = await sourceVersion(source.metadata)
    let noted = now()
    await walk(parts, { cursor, newest, damaged, signal }, async (at) => {
      if (at !== WALKED && now() - noted < NOTE_MS) return
      noted = now()
      await this.#write({ ...begun, cursor: Buffer.from(at).toString('base64') })
    })
    await catchUp(parts, { metadata: source.metadata, damaged, signal })
    this.#phase = 'finishing'
    await this.#finish(parts, damaged, signal)
    this.#phase = 'moved'
    while (!signal.aborted) {
      await drainPage(parts, damaged)
      await sleep(FOLLOW_MS, undefined, { signal, ref: false }).catch(() => undefined)
    }
    // What was written while the last requests ended.
    await drainAll(parts, damaged)
  }

  /** The short phase without writes. When it fails, they are taken again. */
  async #finish(parts: MoveParts, damaged: Set<Digest>, signal: AbortSignal): Promise<void> {
    const { source, target, id } = parts
    const { metadata } = this.#parts.source
    await metadata.fence()
    try {
      await drainAll(parts, damaged, signal)
      if (damaged.size > 0) throw new Error(damagedSentence(damaged))
      const difference = await findDifference(source, target, signal)
      if (difference !== undefined) throw new Error(`The two places are not equal: ${difference}.`)
      if (this.#record !== undefined)
        await this.#write({ ...this.#record, phase: 'moved', cursor: Buffer.from(WALKED).toString('base64') })
      await markTarget(target.metadata, id, 'ready')
    } catch (error) {
      if (this.#record?.phase !== 'moved') metadata.lift()
      throw error
    }
  }
}

function damagedSentence(damaged: ReadonlySet<Digest>): string {
  const some = [...damaged].slice(0, 10).join(', ')
  return `${damaged.size} blobs of this registry are damaged or missing on its disk (${some}): push the images that use them again, or delete those, then migrate again.`
}
