import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { pulledCodec } from '../records/review.ts'

/** Records that one commit writes. */
const AT_ONCE = 200

/** When manifests were last pulled: kept in memory, so that no pull waits for a write, and written from time to time. */
export class Pulls {
  readonly #now: () => number
  #noted = new Map<string, { readonly repo: RepositoryId; readonly digest: Digest; readonly at: number }>()

  constructor(now: () => number) {
    this.#now = now
  }

  note(repo: RepositoryId, digest: Digest): void {
    this.#noted.set(repo + digest, { repo, digest, at: this.#now() })
  }

  /** Writes down what was noted; what cannot be written is noted still. Gives the number of manifests. */
  async flush(metadata: MetadataStore): Promise<number> {
    const all = [...this.#noted.values()]
    this.#noted = new Map()
    for (let from = 0; from < all.length; from += AT_ONCE) {
      const some = all.slice(from, from + AT_ONCE)
      try {
        await transact(metadata, async (transaction) => {
          const here = await transaction.present(some.map(({ repo, digest }) => keys.manifest(repo, digest)))
          // Not for one that was deleted meanwhile: nothing would ever take the record away.
          for (const [index, { repo, digest, at }] of some.entries()) {
            if (here[index] !== true) continue
            transaction.checkExists(keys.manifest(repo, digest))
            transaction.set(pulledCodec, keys.pulled(repo, digest), { at })
          }
        })
      } catch (error) {
        for (const pull of all.slice(from))
          if (!this.#noted.has(pull.repo + pull.digest)) this.#noted.set(pull.repo + pull.digest, pull)
        throw error
      }
    }
    return all.length
  }
}
