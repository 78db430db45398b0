import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { projectOf, type RepositoryName } from '../oci/name.ts'
import { keys } from '../records/keys.ts'
import type { MayRead } from './parts.ts'
import { repositoriesIn } from './repositories.ts'

export interface RepositorySearch {
  /** In lower case; what a name must hold. */
  readonly text: string
  readonly after: RepositoryName | undefined
  readonly limit: number
  /** The projects that the caller may pull from, in order, behind one of them. */
  readonly projects: (after: string | undefined) => AsyncIterable<string>
  readonly mayRead: MayRead
}

/** Names that one search looks at, so that a page of no hits ends. */
const LOOK_LIMIT = 20_000

export interface FoundRepositories {
  readonly names: readonly RepositoryName[]
  /** Where to go on; undefined at the end. */
  readonly next: RepositoryName | undefined
}

/** Repositories with a manifest whose name holds the text, project by project, of those that the caller may read. */
export async function searchRepositories(
  metadata: MetadataStore,
  search: RepositorySearch,
): Promise<FoundRepositories> {
  const names: RepositoryName[] = []
  let looked = 0
  for await (const { name, id } of candidates(metadata, search)) {
    looked += 1
    if (name.includes(search.text) && (await holdsManifest(metadata, id))) names.push(name)
    if (names.length === search.limit || looked === LOOK_LIMIT) return { names, next: name }
  }
  return { names, next: undefined }
}

async function* candidates(metadata: MetadataStore, { after, projects, mayRead }: RepositorySearch) {
  const begun = after && projectOf(after)
  if (begun !== undefined && (await mayRead(begun))) yield* repositoriesIn(metadata, begun, after)
  for await (const project of projects(begun)) yield* repositoriesIn(metadata, project)
}

async function holdsManifest(metadata: MetadataStore, repo: string): Promise<boolean> {
  return (await metadata.range({ prefix: keys.manifests(repo), limit: 1 })).length > 0
}
