import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { RepositoryName } from '../oci/name.ts'
import type { RepositoryId } from '../records/keys.ts'
import { repositoryCodec } from '../records/project.ts'
import { readRepositoryKey } from '../records/read-key.ts'
import { recordsOf } from './records-of.ts'

/** The names of all repositories, by their ids. */
export async function repositoryNames(
  store: Pick<MetadataStore, 'range'>,
): Promise<Map<RepositoryId, RepositoryName>> {
  const names = new Map<RepositoryId, RepositoryName>()
  for await (const { key, value } of recordsOf(store, 'repo'))
    names.set(repositoryCodec.decode(value).id, readRepositoryKey(key))
  return names
}
