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
