import { randomBytes } from 'node:crypto'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Transaction } from '../../storage/metadata/transact.ts'
import { projectOf, type RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { type RepositoryRecord, repositoryCodec } from '../records/project.ts'
import { holdsManifest, repositoryPages } from '../records/repositories.ts'

/** Makes sure, within the transaction, that a repository's project exists; `account` becomes the owner of a new one. */
export type EnsureProject = (transaction: Transaction, project: string, account: string) => Promise<void>

/** The repository that a name leads to now. */
export async function findRepository(
  metadata: MetadataStore,
  name: RepositoryName,
): Promise<RepositoryRecord | undefined> {
  const [stored] = await metadata.read([keys.repository(name)])
  return stored && repositoryCodec.decode(stored.value)
}

/** As findRepository; throws NAME_UNKNOWN. */
export async function requireRepository(
  metadata: MetadataStore,
  name: RepositoryName,
): Promise<RepositoryRecord> {
  const repository = await findRepository(metadata, name)
  if (repository === undefined) throw nameUnknown(name)
  return repository
}

/** For a repository that is not there. */
export function nameUnknown(name: RepositoryName): RegistryError {
  return new RegistryError('NAME_UNKNOWN', {
    message: `repository '${name}' does not exist here; a first push creates it`,
    detail: { name },
  })
}

/** Finds or makes the repository; the commit checks that the name still leads to it. */
export async function ensureRepository(
  transaction: Transaction,
  name: RepositoryName,
  owner: { readonly account: string; readonly now: number; readonly ensureProject: EnsureProject },
): Promise<RepositoryRecord> {
  const found = await transaction.getChecked(repositoryCodec, keys.repository(name))
  if (found !== undefined) return found.value
  await owner.ensureProject(transaction, projectOf(name), owner.account)
  const made = { id: randomBytes(8).toString('hex'), created: owner.now }
  transaction.set(repositoryCodec, keys.repository(name), made)
  return made
}

/** Checks at the commit that `name` still leads to `id`; undefined when it does not now. */
export async function checkRepository(
  transaction: Transaction,
  name: RepositoryName,
  id: RepositoryId,
): Promise<RepositoryRecord | undefined> {
  const found = await transaction.getChecked(repositoryCodec, keys.repository(name))
  return found?.value.id === id ? found.value : undefined
}

/**
 * Names of a project's repositories that hold a manifest, in order, behind `last` if given; undefined for each that does
 * not: a repository whose first push has not ended, or whose last manifest was deleted, is not shown.
 */
export async function* repositoriesOf(
  metadata: MetadataStore,
  project: string,
  last: RepositoryName | undefined,
): AsyncGenerator<RepositoryName | undefined> {
  for await (const page of repositoryPages(metadata, project, last))
    for (let from = 0; from < page.length; from += AT_ONCE) {
      const some = page.slice(from, from + AT_ONCE)
      const held = await Promise.all(some.map(({ id }) => holdsManifest(metadata, id)))
      for (const [at, { name }] of some.entries()) yield held[at] === true ? name : undefined
    }
}

/** Repositories of which one asks the store at the same time whether they hold a manifest. */
const AT_ONCE = 16
