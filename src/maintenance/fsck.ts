import { setImmediate } from 'node:timers/promises'
import { type BlobLocation, type BlobStore } from '../../storage/blobs/blob-store.ts'
import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { hashAgain } from '../registry/running-hash.ts'
import { checkBytes } from './fsck-bytes.ts'
import type { Checked, FsckOptions, FsckParts, FsckPorts } from './fsck-parts.ts'
import { checkRecords } from './fsck-records.ts'

const EXAMPLES = 100
/** Steps after which requests may go first. */
const REST_EVERY = 500

/** A check that is under way, or the last one. */
export interface FsckStatus extends FsckOptions {
  readonly state: 'running' | 'done' | 'failed'
  readonly begun: number
  finished?: number | undefined
  error?: string | undefined
  readonly checked: Checked
  readonly problems: Map<string, { found: number; mended: number }>
  /** The first problems, in words. */
  readonly examples: string[]
}

/** Compares what is stored with itself while the registry runs; one check at a time in this process. */
export class Fsck {
  readonly #ports: FsckPorts
  readonly #stopping = new AbortController()
  #status: FsckStatus | undefined
  #running: Promise<void> | undefined

  constructor(ports: FsckPorts) {
    this.#ports = ports
  }

  get status(): FsckStatus | undefined {
    return this.#status
  }

  /** Begins a check. Throws CONFLICT while one is under way. */
  start(options: FsckOptions): FsckStatus {
    if (this.#running !== undefined) throw checkUnderWay()
    const status: FsckStatus = {
      ...options,
      state: 'running',
      begun: this.#ports.now(),
      checked: { records: 0, blobs: 0, locations: 0 },
      problems: new Map(),
      examples: [],
    }
    this.#status = status
    this.#running = this.#run(status)
    return status
  }

  /** Resolves when the check that is under way has ended. */
  async ended(): Promise<void> {
    await this.#running
  }

  /** Ends a check that is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(status: FsckStatus): Promise<void> {
    const parts = this.#partsFor(status)
    let error: string | undefined
    try {
      // Rules that compare records would take what is damaged for missing, and mend that.
      await parts.metadata.verify?.(() => setImmediate())
      await checkRecords(parts)
      await checkBytes(parts)
    } catch (cause) {
      error = cause instanceof Error ? cause.message : String(cause)
    }
    this.#running = undefined
    const state = error === undefined ? 'done' : 'failed'
    this.#status = { ...status, state, finished: this.#ports.now(), ...(error !== undefined && { error }) }
  }

  #partsFor(status: FsckStatus): FsckParts {
    let steps = 0
    return {
      ...this.#ports,
      repair: status.repair,
      force: status.force,
      signal: this.#stopping.signal,
      looked: async (what) => {
        status.checked[what] += 1
        steps += 1
        if (steps % REST_EVERY === 0) await setImmediate()
      },
      report: ({ problem, what }, mended) => {
        const known = status.problems.get(problem) ?? { found: 0, mended: 0 }
        status.problems.set(problem, { found: known.found + 1, mended: known.mended + Number(mended) })
        if (status.examples.length < EXAMPLES) status.examples.push(`${problem}: ${what}`)
      },
      proves: (location, digest) => proves(this.#ports.blobs, location, digest),
    }
  }
}

/** One check at a time. */
export function checkUnderWay(): RegistryError {
  return new RegistryError('CONFLICT', { message: 'a check is under way; wait for its end' })
}

async function proves(blobs: BlobStore, location: BlobLocation, digest: Digest): Promise<boolean> {
  const reader = await blobs.read(location)
  if (reader === undefined) return false
  return (await hashAgain(reader, 'sha256')) === digest
}
