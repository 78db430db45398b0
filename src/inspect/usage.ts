import type { Entry, MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { keyAfter, keys, type RepositoryId } from '../records/keys.ts'
import { manifestCodec } from '../records/manifest.ts'
import { type Holder, readEdgeKey, readTaggedKey } from '../records/read-key.ts'
import { repositoriesIn } from '../records/repositories.ts'
import type { MayRead } from './parts.ts'
import { readableHolders } from './sharing.ts'

/** An image that has a layer. */
export interface LayerUser {
  readonly repository: RepositoryName
  readonly digest: Digest
  readonly tags: readonly string[]
  readonly pushed: number
}

/** Where a list of a layer's users goes on: behind this image of this repository. */
export interface UserPlace extends Holder {
  readonly parent: Digest
}

export interface LayerUsers {
  readonly users: readonly LayerUser[]
  /** The last that is listed, when there are more. */
  readonly next: UserPlace | undefined
}

const TAG_LIMIT = 20

/** F13: the images that have a layer, of those that the caller may pull; at most `limit`, behind `after`. */
export async function layerUsers(
  metadata: MetadataStore,
  sha256: Digest,
  {
    mayRead,
    limit,
    after,
  }: { readonly mayRead: MayRead; readonly limit: number; readonly after?: UserPlace },
): Promise<LayerUsers> {
  const users: LayerUser[] = []
  const names = new Names(metadata)
  let last: UserPlace | undefined
  for await (const holder of readableHolders(metadata, sha256, mayRead, after)) {
    const repository = await names.of(holder.project, holder.repo)
    if (repository === undefined) continue
    for (const { key } of await edgesOf(metadata, holder, { limit, after })) {
      if (users.length === limit) return { users, next: last }
      const { parent } = readEdgeKey(key)
      const user = await readUser(metadata, holder.repo, parent)
      if (user === undefined) continue
      users.push({ repository, ...user })
      last = { ...holder, parent }
    }
  }
  return { users, next: undefined }
}

/** One more than are wanted, so that one knows whether there are more. */
function edgesOf(
  metadata: MetadataStore,
  { repo, digest }: Holder,
  { limit, after }: { readonly limit: number; readonly after: UserPlace | undefined },
): Promise<Entry[]> {
  const goesOn = after?.repo === repo && after.digest === digest
  const from = goesOn ? keyAfter(keys.edge(repo, digest, after.parent)) : undefined
  return metadata.range({ prefix: keys.edges(repo, digest), limit: limit + 1, ...(from && { from }) })
}

async function readUser(metadata: MetadataStore, repo: RepositoryId, digest: Digest) {
  const [stored] = await metadata.read([keys.manifest(repo, digest)])
  if (stored === undefined) return undefined
  const tagged = await metadata.range({ prefix: keys.tagsOf(repo, digest), limit: TAG_LIMIT })
  const tags = tagged.map(({ key }) => readTaggedKey(key).tag)
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
