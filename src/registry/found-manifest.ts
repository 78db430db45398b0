import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { WhileUnchanged } from '../../storage/metadata/while-unchanged.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryId } from '../records/keys.ts'
import type { ManifestRecord } from '../records/manifest.ts'

/** The records of a manifest. */
export interface FoundManifest {
  readonly repo: RepositoryId
  readonly digest: Digest
  readonly record: ManifestRecord
  /** The value of its `body` record. */
  readonly body: Uint8Array
}

/** What a digest among the children takes in memory, in bytes. */
const CHILD_BYTES = 100

/** Keeps the manifests that were looked up while nothing is written, by repository and reference. */
export function foundManifests(metadata: Pick<MetadataStore, 'generation'>): WhileUnchanged<FoundManifest> {
  return new WhileUnchanged(
    metadata,
    ({ body, record }) => body.length + record.children.length * CHILD_BYTES,
  )
}
