import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { WhileUnchanged } from '../../storage/metadata/while-unchanged.ts'
import type { Digest } from '../oci/digest.ts'
import type { MayRead } from './parts.ts'
import type { Count } from './repositories.ts'
import { countUsers } from './sharing.ts'

/** How many manifests have a layer, counted once for each caller while nothing is written. */
export class UserCounts {
  readonly #metadata: MetadataStore
  readonly #known: WhileUnchanged<Count>

  constructor(metadata: MetadataStore) {
    this.#metadata = metadata
    this.#known = new WhileUnchanged(metadata)
  }

  /** `who` names the one whose rights `mayRead` tells, and nobody else. */
  of(sha256: Digest, who: string, mayRead: MayRead): Promise<Count> | Count {
    return this.#known.get(`${sha256} ${who}`, () => countUsers(this.#metadata, sha256, mayRead))
  }
}
