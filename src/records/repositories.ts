import type { RepositoryName } from '../oci/name.ts'
import { keys, type RepositoryId } from './keys.ts'
import { pagesOf, type Ranges } from './pages.ts'
import { type RepositoryRecord, repositoryCodec } from './project.ts'
import { readRepositoryKey } from './read-key.ts'

/** A repository and the name that leads to it. */
export interface NamedRepository extends RepositoryRecord {
  readonly name: RepositoryName
}

interface Entry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

const PAGE = 200

/** All repositories of a project, those without a manifest included, in order of their names, behind `last` if given. */
export async function* repositoriesIn(
  store: Ranges<Entry>,
  project: string,
  last?: RepositoryName,
): AsyncGenerator<NamedRepository> {
  for await (const page of repositoryPages(store, project, last)) yield* page
}

/** The same page by page. */
export async function* repositoryPages(
  store: Ranges<Entry>,
  project: string,
  last: RepositoryName | undefined,
): AsyncGenerator<NamedRepository[]> {
  const after = last === undefined ? undefined : keys.repository(last)
  for await (const page of pagesOf(store, { prefix: keys.repositories(project), after, limit: PAGE }))
    yield page.map(({ key, value }) => ({ name: readRepositoryKey(key), ...repositoryCodec.decode(value) }))
}

/** Not so while a first push goes on, and once the last manifest is deleted: such a repository is shown nowhere. */
export async function holdsManifest(store: Ranges<Entry>, repo: RepositoryId): Promise<boolean> {
  const prefix = keys.manifests(repo)
  return (await store.range({ prefix, from: prefix, limit: 1 })).length > 0
}
