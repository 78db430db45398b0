import { createHash } from 'node:crypto'
import { type BlobReader, blobLocation } from '../../storage/blobs/blob-store.ts'
import type { Entry, MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { StoreDamaged } from '../../storage/store-errors.ts'
import { type Digest, digestFromBytes } from '../oci/digest.ts'
import { type BlobRecord, blobCodec } from '../records/blob.ts'
import { type ScrubRecord, scrubCodec } from '../records/cursor.ts'
import { keyAfter, keys } from '../records/keys.ts'
import { TupleReader } from '../records/tuple.ts'
import { isOver } from './is-over.ts'
import type { Job, JobParts } from './job.ts'
import { Throttle } from './throttle.ts'

export const SCRUB = 'scrub'
const PAGE = 50
/** So many blobs gone one after the other are no rot but a disk that is not there. */
const MISSING_IN_A_ROW = 20
const MINUTE = 60_000

/** The bytes at a blob's location are missing or wrong. */
interface Damage {
  readonly sha256: Digest
  readonly location: string
  readonly why: string
}

/** What the scrub finds, for whom blobs belong to. */
export interface ScrubPorts {
  readonly quarantine: (damage: Damage) => Promise<boolean>
  /** They are right. */
  readonly confirmBytes: (sha256: Digest, location: string) => Promise<boolean>
  readonly settings: {
    /** Bytes read in a second, at most. */
    readonly scrubRate: number
    /** Milliseconds from the end of one pass to the beginning of the next; 0: none begins by itself. */
    readonly scrubEvery: number
  }
}

/** Reads every blob again and compares it with its digest, slowly, and goes on after a restart where it was. */
export function scrubJob(ports: ScrubPorts): Job {
  return {
    name: SCRUB,
    everyMs: MINUTE,
    isDue: async (parts) => isDue(await readScrub(parts.metadata), ports.settings.scrubEvery, parts.now()),
    run: (parts, signal) => new Scrub(parts, ports, signal).run(),
  }
}

function isDue(cursor: ScrubRecord | undefined, every: number, now: number): boolean {
  if (cursor === undefined) return every > 0
  return cursor.finished === undefined || (every > 0 && isOver(cursor.finished, every, now))
}

/** The pass that is under way, or the last one; undefined before the first. */
export async function readScrub(metadata: MetadataStore): Promise<ScrubRecord | undefined> {
  const [stored] = await metadata.read([keys.cursor(SCRUB)])
  return stored && scrubCodec.decode(stored.value)
}

/** Begins a pass from the first blob, also when one was under way. The job has to be run for it to go on. */
export async function restartScrub(parts: Pick<JobParts, 'metadata' | 'now'>): Promise<ScrubRecord> {
  const pass = { begun: parts.now(), blobs: 0, bytes: 0, damaged: 0 }
  await writeScrub(parts.metadata, pass)
  return pass
}

function writeScrub(metadata: MetadataStore, pass: ScrubRecord): Promise<void> {
  const sets = [{ key: keys.cursor(SCRUB), value: scrubCodec.encode(pass) }]
  return metadata.commit({ checks: [], sets, deletes: [] })
}

/** What a look at one blob gave. */
interface Looked {
  readonly bytes: number
  readonly isDamaged: boolean
  /** Something was at its location: the store is there. */
  readonly isHere?: boolean
  /** Nothing was, and nobody knew. */
  readonly missing?: Damage
}

class Scrub {
  readonly #parts: JobParts
  readonly #ports: ScrubPorts
  readonly #signal: AbortSignal
  readonly #throttle: Throttle
  /** Blobs that were missing since the last one that was there: as long as the store may be gone, none is quarantined. */
  #missing: Damage[] = []
  /** The pass as it was before them, which is what is written down. */
  #before: ScrubRecord | undefined

  constructor(parts: JobParts, ports: ScrubPorts, signal: AbortSignal) {
    this.#parts = parts
    this.#ports = ports
    this.#signal = signal
    this.#throttle = new Throttle(ports.settings.scrubRate, signal)
  }

  async run(): Promise<void> {
    const { metadata, now } = this.#parts
    let pass = await readScrub(metadata)
    if (pass === undefined || pass.finished !== undefined) pass = await restartScrub(this.#parts)
    while (!this.#isStopped()) {
      // Where the store is not there, none of its blobs is damaged.
      await this.#parts.blobs.check()
      const from = pass.after === undefined ? keys.blobs() : keyAfter(keys.blob(pass.after))
      const page = await metadata.range({ prefix: keys.blobs(), from, limit: PAGE })
      for (const entry of page) {
        if (this.#isStopped()) break
        pass = await this.#look(pass, entry)
      }
      if (page.length < PAGE && !this.#isStopped()) {
        await this.#quarantineMissing()
        pass = { ...pass, finished: now() }
      }
      pass = await this.#save(pass)
      if (pass.finished !== undefined) return
      await this.#parts.pace()
    }
  }

  /** Gives the pass to go on with: the one that was begun anew meanwhile, if one was. */
  async #save(pass: ScrubRecord): Promise<ScrubRecord> {
    const current = await readScrub(this.#parts.metadata)
    if (current !== undefined && current.begun !== pass.begun) {
      this.#missing = []
      return current
    }
    await writeScrub(this.#parts.metadata, this.#missing.length === 0 ? pass : (this.#before ?? pass))
    return pass
  }

  #isStopped(): boolean {
    return this.#signal.aborted
  }

  async #look(pass: ScrubRecord, entry: Entry): Promise<ScrubRecord> {
    const sha256 = new TupleReader(entry.key).digest()
    const looked = await this.#parts.attempt(`blob ${sha256}`, () => this.#check(sha256, entry))
    // Stopped in the middle of this one: it is the first of the next run.
    if (this.#isStopped()) return pass
    if (looked !== undefined) this.#parts.progress(1)
    const { bytes = 0, isDamaged = false, isHere = false, missing } = looked ?? {}
    if (missing !== undefined) this.#hold(missing, pass)
    if (isHere) await this.#quarantineMissing()
    return {
      ...pass,
      after: sha256,
      blobs: pass.blobs + 1,
      bytes: pass.bytes + bytes,
      damaged: pass.damaged + Number(isDamaged),
    }
  }

  /** Throws when the store as a whole seems to be gone: the run ends, and is tried again from before them. */
  #hold(missing: Damage, pass: ScrubRecord): void {
    if (this.#missing.length === 0) this.#before = pass
    this.#missing.push(missing)
    if (this.#missing.length <= MISSING_IN_A_ROW) return
    throw new Error(
      `${this.#missing.length} blobs in a row are missing: is the store's disk there? If they are lost, \`lamina fsck --repair --force\` quarantines them, and the scrub goes on`,
    )
  }

  async #quarantineMissing(): Promise<void> {
    const missing = this.#missing
    this.#missing = []
    for (const damage of missing)
      await this.#parts.attempt(`blob ${damage.sha256}`, () => this.#ports.quarantine(damage))
  }

  async #check(sha256: Digest, entry: Entry): Promise<Looked> {
    const record = blobCodec.decode(entry.value)
    const { location, size, quarantined } = record
    const reader = await this.#parts.blobs.read(blobLocation(location))
    if (reader === undefined) {
      await this.#parts.blobs.check()
      const missing = { sha256, location, why: `nothing is at ${location}` }
      return { bytes: 0, isDamaged: true, ...(quarantined === undefined && { missing }) }
    }
    const why = await this.#whatIsWrong(sha256, record, reader)
    if (why === undefined) await this.#ports.confirmBytes(sha256, location)
    else await this.#ports.quarantine({ sha256, location, why })
    return { bytes: size, isDamaged: why !== undefined, isHere: true }
  }

  /** Undefined when all is well. */
  async #whatIsWrong(sha256: Digest, record: BlobRecord, reader: BlobReader): Promise<string | undefined> {
    if (reader.size !== record.size) {
      await reader.close()
      return `${reader.size} bytes are at ${record.location} instead of ${record.size}`
    }
    const hash = createHash('sha256')
    try {
      await reader.pump((chunk) => {
        hash.update(chunk)
        return this.#throttle.pass(chunk.length)
      }, this.#signal)
    } catch (error) {
      if (error instanceof StoreDamaged) return error.message
      throw error
    }
    const found = digestFromBytes('sha256', hash.digest())
    return found === sha256 ? undefined : `the bytes at ${record.location} have digest ${found}`
  }
}
