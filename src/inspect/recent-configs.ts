import { LRUCache } from 'lru-cache'
import { readWhole } from '../../storage/blobs/read-whole.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import type { ImageConfig } from './image-config.ts'
import type { SourceBlob } from './image-source.ts'
import { parseConfigAside } from './parse-config.ts'

/** Bytes of a config up to which it is read. */
const CONFIG_LIMIT = 4 * 1024 * 1024
/** Bytes of the configs that are remembered; parsed, they take a few times as much. */
const REMEMBERED = 8 * 1024 * 1024

/** Image configs, parsed once while they are remembered: a digest always means the same. */
export class RecentConfigs {
  readonly #blob: (name: RepositoryName, digest: Digest) => Promise<SourceBlob>
  readonly #known = new LRUCache<
    Digest,
    { readonly config: ImageConfig | undefined; readonly bytes: number }
  >({
    maxSize: REMEMBERED,
    sizeCalculation: ({ bytes }) => bytes + 1,
  })

  /** `blob` finds what a repository may show, and is asked each time. */
  constructor(blob: (name: RepositoryName, digest: Digest) => Promise<SourceBlob>) {
    this.#blob = blob
  }

  /** Undefined for what is too long, or no config. Throws BLOB_UNKNOWN. */
  async of(name: RepositoryName, digest: Digest): Promise<ImageConfig | undefined> {
    const blob = await this.#blob(name, digest)
    const known = this.#known.get(digest)
    if (known !== undefined) return known.config
    const bytes = blob.size > CONFIG_LIMIT ? undefined : await readWhole(blob)
    const config = bytes && (await parseConfigAside(bytes))
    this.#known.set(digest, { config, bytes: bytes?.length ?? 0 })
    return config
  }
}
