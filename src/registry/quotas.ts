import { LRUCache } from 'lru-cache'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { keys } from '../records/keys.ts'
import { policyCodec } from '../records/policy.ts'
import { usageOf } from './usage.ts'

/** Projects of which the last look is remembered: the cache takes its memory at once. */
const PROJECTS = 1000
/** How long a look counts, in milliseconds: other replicas take pushes, too. */
const LASTING = 10_000
/** Smaller blobs are sent before a refusal could arrive. */
const WORTH_ASKING = 2 ** 20
/** The part of the room that may be taken before the next look; the rest is for what was not seen. */
const SHARE = 4

interface Look {
  readonly quota: number
  readonly at: number
  /** Bytes that may come without another one. */
  left: number
}

/**
 * Refuses what would take a project beyond its quota. What a project holds is added up the more rarely, the more room
 * there is: between two folds it is a record for each push.
 */
export class Quotas {
  readonly #metadata: MetadataStore
  readonly #now: () => number
  readonly #looks = new LRUCache<string, Look>({ max: PROJECTS })
  /** The last look that goes on, by project. */
  readonly #looking = new Map<string, Promise<number>>()

  constructor(metadata: MetadataStore, now: () => number) {
    this.#metadata = metadata
    this.#now = now
  }

  /**
   * Whether `more` bytes still fit. Pushes that run at the same time do not see each other: a project can end above its
   * quota by what they carry. Throws DENIED, a policy and not a matter of rights.
   */
  async check(project: string, more: number): Promise<void> {
    const [stored] = await this.#metadata.read([keys.policy(project)])
    const quota = stored && policyCodec.decode(stored.value).quotaBytes
    if (quota !== undefined) await this.#fits(project, quota, more)
  }

  /**
   * What `check` would say after the bytes of a blob came, before they do: a client that says size and digest keeps
   * gigabytes to itself. Throws DENIED. Content that the project holds takes no more room.
   */
  async checkAhead(project: string, blob: { readonly sha256: Digest; readonly size: number }): Promise<void> {
    if (blob.size < WORTH_ASKING) return
    const wanted = [keys.policy(project), keys.charge(project, blob.sha256)]
    const [stored, held] = await this.#metadata.read(wanted)
    const quota = stored && policyCodec.decode(stored.value).quotaBytes
    if (quota !== undefined && held === undefined) await this.#fits(project, quota, blob.size)
  }

  async #fits(project: string, quota: number, more: number): Promise<void> {
    if (this.#takes(project, quota, more)) return
    const looking = this.#looking.get(project)
    if (looking !== undefined) {
      // It may find room for all who wait.
      await looking.catch(() => undefined)
      if (this.#takes(project, quota, more)) return
    }
    const used = await this.#look(project, quota)
    if (used + more > quota || used >= quota) throw beyond(project, { quota, used, more })
    const look = this.#looks.get(project)
    if (look !== undefined) look.left -= more
  }

  /** Takes from the room that the last look found, when there is enough. */
  #takes(project: string, quota: number, more: number): boolean {
    const look = this.#looks.get(project)
    if (look?.quota !== quota || look.left <= more) return false
    const age = this.#now() - look.at
    // Below nothing: the clock was set back.
    if (age < 0 || age >= LASTING) return false
    look.left -= more
    return true
  }

  /** What the project holds, and from now on the room that it leaves. */
  async #look(project: string, quota: number): Promise<number> {
    const looking = this.#addUp(project, quota)
    this.#looking.set(project, looking)
    try {
      return await looking
    } finally {
      if (this.#looking.get(project) === looking) this.#looking.delete(project)
    }
  }

  async #addUp(project: string, quota: number): Promise<number> {
    const used = await usageOf(this.#metadata, project)
    this.#looks.set(project, {
      quota,
      left: Math.floor((quota - used) / SHARE),
      at: this.#now(),
    })
    return used
  }
}

function beyond(
  project: string,
  { quota, used, more }: { readonly quota: number; readonly used: number; readonly more: number },
): RegistryError {
  return new RegistryError('DENIED', {
    message: `project '${project}' holds ${size(used)} of its quota of ${size(quota)}, and has no room for ${more === 0 ? 'more' : `${size(more)} more`}; delete images (their space comes back after the grace time) or ask an administrator for a larger quota`,
    detail: { quota, used, needed: more },
  })
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** As people read it: `1.5 GiB`. */
function size(bytes: number): string {
  const step = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1)
  const value = bytes / 1024 ** step
  return `${step === 0 ? value : value.toFixed(1)} ${UNITS[step] ?? ''}`
}
