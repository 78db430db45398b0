import { LRUCache } from 'lru-cache'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { keys } from '../records/keys.ts'

/** Accounts of which the last look is remembered: the cache takes its memory at once. */
const ACCOUNTS = 1000
/** How long a look counts, in milliseconds: other replicas open sessions, too. */
const LASTING = 10_000
/** The part of what was free that may be taken before the next look; the rest is for what was not seen. */
const SHARE = 4

interface Look {
  readonly at: number
  /** Sessions that may begin without another one. */
  left: number
}

interface Parts {
  readonly metadata: Pick<MetadataStore, 'range'>
  readonly settings: { readonly maxUploads: number }
  readonly now: () => number
}

/**
 * Keeps an account from opening sessions without end. Looks at the records the more rarely, the more is free: what
 * thousands of pushes left deleted there makes each look slow, and nobody has to be counted who is far from the limit.
 */
export class SessionLimit {
  readonly #parts: Parts
  readonly #looks = new LRUCache<string, Look>({ max: ACCOUNTS })

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Throws TOOMANYREQUESTS. */
  async check(account: string): Promise<void> {
    const look = this.#looks.get(account)
    // Below nothing: the clock was set back.
    const age = this.#parts.now() - (look?.at ?? Number.NEGATIVE_INFINITY)
    if (look !== undefined && look.left > 0 && age >= 0 && age < LASTING) {
      look.left -= 1
      return
    }
    const free = await this.#free(account)
    this.#looks.set(account, { at: this.#parts.now(), left: Math.floor(free / SHARE) })
  }

  async #free(account: string): Promise<number> {
    const limit = this.#parts.settings.maxUploads
    const open = await this.#parts.metadata.range({ prefix: keys.uploadsOf(account), limit })
    if (open.length < limit) return limit - open.length
    throw new RegistryError('TOOMANYREQUESTS', {
      message: `this account has ${open.length} open upload sessions, the most allowed; finish or cancel some, or wait until they expire`,
      headers: { 'retry-after': '60' },
    })
  }
}
