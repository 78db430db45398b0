import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { manifestCodec } from '../records/manifest.ts'
import { TupleReader } from '../records/tuple.ts'
import type { MayRead } from './parts.ts'
import { repositoriesIn } from './repositories.ts'
import { readableHolders } from './sharing.ts'

/** An image that has a layer. */
export interface LayerUser {
  readonly repository: RepositoryName
  readonly digest: Digest
  readonly tags: readonly string[]
  readonly pushed: number
}

export interface LayerUsers {
  readonly users: readonly LayerUser[]
  /** There are more than are listed. */
  readonly more: boolean
}

const TAG_LIMIT = 20

/** F13: the images that have a layer, of those that the caller may pull; at most `limit`. */
export async function layerUsers(
  metadata: MetadataStore,
  sha256: Digest,
  { mayRead, limit }: { readonly mayRead: MayRead; readonly limit: number },
): Promise<LayerUsers> {
  const users: LayerUser[] = []
  const names = new Names(metadata)
  for await (const { project, repo, digest } of readableHolders(metadata, sha256, mayRead)) {
    const repository = await names.of(project, repo)
    if (repository === undefined) continue
    const edges = await metadata.range({ prefix: keys.edges(repo, digest), limit: limit + 1 })
    for (const { key } of edges) {
      if (users.length === limit) return { users, more: true }
      const user = await readUser(metadata, repo, parentIn(key))
      if (user !== undefined) users.push({ repository, ...user })
    }
  }
  return { users, more: false }
}

function parentIn(edge: Uint8Array): Digest {
  const reader = new TupleReader(edge)
  reader.bytes(8)
  reader.digest()
  return reader.digest()
}

async function readUser(metadata: MetadataStore, repo: RepositoryId, digest: Digest) {
  const [stored] = await metadata.read([keys.manifest(repo, digest)])
  if (stored === undefined) return undefined
  const tagged = await metadata.range({ prefix: keys.tagsOf(repo, digest), limit: TAG_LIMIT })
  const tags = tagged.map(({ key }) => {
    const reader = new TupleReader(key)
    reader.bytes(8)
    reader.digest()
    return reader.text()
  })
  return { digest, tags, pushed: manifestCodec.decode(stored.value).created }
}

/** Names of repositories by their ids: read once for each project that is asked for. */
class Names {
  readonly #metadata: MetadataStore
  readonly #projects = new Map<string, Map<RepositoryId, RepositoryName>>()

  constructor(metadata: MetadataStore) {
    this.#metadata = metadata
  }

  async of(project: string, repo: RepositoryId): Promise<RepositoryName | undefined> {
    const known = this.#projects.get(project) ?? (await this.#read(project))
    this.#projects.set(project, known)
    return known.get(repo)
  }

  async #read(project: string): Promise<Map<RepositoryId, RepositoryName>> {
    const names = new Map<RepositoryId, RepositoryName>()
    for await (const { id, name } of repositoriesIn(this.#metadata, project)) names.set(id, name)
    return names
  }
}
