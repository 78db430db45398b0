import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type {
  Beside,
  Commit,
  Entry,
  MetadataSnapshot,
  MetadataStore,
  RangeQuery,
  Stored,
} from '../../storage/metadata/metadata-store.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { keys } from '../records/keys.ts'
import { outboxCodec } from '../records/migration.ts'
import { keyMoves } from '../records/moving.ts'
import { passesFence } from './fence.ts'

/**
 * The metadata store as the whole registry writes to it. While it is followed, each commit also says in the outbox
 * which keys it changed, in the same transaction: whoever follows reads what they hold now, in any order. It works in
 * one process: a store that several processes write to is not followed this way.
 */
export class FollowedStore implements MetadataStore {
  readonly #store: MetadataStore
  readonly #running = new Set<Promise<void>>()
  #following: boolean
  #fenced: boolean
  #pace = 0
  #changes = 0

  constructor(store: MetadataStore, from: { readonly following: boolean; readonly fenced: boolean }) {
    this.#store = store
    this.#following = from.following
    this.#fenced = from.fenced
  }

  get generation(): number | undefined {
    return this.#store.generation
  }

  read(wanted: readonly Uint8Array[], bytes?: number): Promise<(Stored | undefined)[]> {
    return this.#store.read(wanted, bytes)
  }

  range(query: RangeQuery): Promise<Entry[]> {
    return this.#store.range(query)
  }

  beside(commit: (commit: Commit) => Promise<void>): Beside | undefined {
    return this.#store.beside?.(commit)
  }

  get verify(): MetadataStore['verify'] {
    return this.#store.verify
  }

  snapshot(): Promise<MetadataSnapshot> {
    return this.#store.snapshot()
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  /** As the store's, and UNAVAILABLE while the registry takes no writes because it moves. */
  async commit(commit: Commit): Promise<void> {
    if (this.#fenced && !passesFence(commit)) throw moving()
    const followed = this.#following ? withOutboxEntry(commit) : commit
    if (followed !== commit) this.#changes += 1
    const running = this.#store.commit(followed)
    this.#running.add(running)
    try {
      await running
    } finally {
      this.#running.delete(running)
    }
    // After the commit: before it, two writers of one record would meet each other's change again and again.
    if (this.#pace > 0 && !passesFence(commit)) await sleep(this.#pace, undefined, { ref: false })
  }

  /** From now on changes are in the outbox. Resolves when no commit is under way that is not. */
  async follow(): Promise<void> {
    this.#following = true
    await this.#settled()
  }

  /** Refuses writes; those under way end first. What does not change content goes on: see `passesFence`. */
  async fence(): Promise<void> {
    this.#fenced = true
    await this.#settled()
  }

  /** Takes writes again. */
  lift(): void {
    this.#fenced = false
  }

  /** How many commits wrote to the outbox; one that failed counts too. */
  get changes(): number {
    return this.#changes
  }

  /** Commits that change content are answered so many milliseconds later, so that whoever follows keeps up. */
  pace(milliseconds: number): void {
    this.#pace = milliseconds
  }

  /** Changes are no longer in the outbox. */
  unfollow(): void {
    this.#following = false
  }

  async #settled(): Promise<void> {
    await Promise.allSettled(this.#running)
  }
}

function withOutboxEntry(commit: Commit): Commit {
  const changed = [...commit.sets.map(({ key }) => key), ...commit.deletes].filter(keyMoves)
  if (changed.length === 0) return commit
  const value = outboxCodec.encode({ keys: changed.map((key) => Buffer.from(key).toString('base64')) })
  return { ...commit, sets: [...commit.sets, { key: keys.outbox(Date.now(), randomBytes(8)), value }] }
}

function moving(): RegistryError {
  return new RegistryError('UNAVAILABLE', {
    message: 'the registry is moving to other storage; pulls go on, try to push again in a minute',
    headers: { 'retry-after': '60' },
  })
}
