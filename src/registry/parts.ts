import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { WhileUnchanged } from '../../storage/metadata/while-unchanged.ts'
import type { Digest } from '../oci/digest.ts'
import type { FoundManifest } from './found-manifest.ts'
import type { RegistryMeter } from './meter.ts'
import type { Pulls } from './pulls.ts'
import type { Quotas } from './quotas.ts'
import type { EnsureProject } from './repositories.ts'

/** What the registry is built from. Times are milliseconds, sizes bytes. */
export interface RegistryParts {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  readonly now: () => number
  readonly ensureProject: EnsureProject
  readonly pulls: Pulls
  readonly quotas: Quotas
  /** Manifests that were looked up, by repository and reference. */
  readonly found: WhileUnchanged<FoundManifest>
  readonly meter: RegistryMeter
  readonly settings: RegistrySettings
  /** Told of each blob that is quarantined: a person has to know. */
  readonly onDamage: (damage: Damage) => void
}

/** What says how long content stays: all that collecting needs of the registry, also on a thread of its own. */
export interface KeepingParts extends Pick<RegistryParts, 'metadata' | 'now'> {
  readonly settings: Pick<RegistrySettings, 'grace' | 'trashDelay'>
}

/** Stored bytes that are not what their record says. */
export interface Damage {
  readonly sha256: Digest
  readonly location: string
  readonly why: string
}

export interface RegistrySettings {
  /** How long content that nothing refers to is safe after a client was last told that it is here. */
  readonly grace: number
  /** How long bytes that no record holds any more stay for those who are reading them: longer than a signed URL lasts. */
  readonly trashDelay: number
  /** Idle time after which an upload session is forgotten. */
  readonly uploadExpiry: number
  /** Open upload sessions that one account may have. */
  readonly maxUploads: number
  /** Whether image manifests may name layers that are not here. */
  readonly allowSparse: boolean
  /** Whether the layers of each new image are queued for the inspector. */
  readonly indexLayers: boolean
  /** Whether somebody is to be told of what happens to tags. */
  readonly notesEvents: boolean
  /** Whether other processes may serve the same records: then an upload session says who is writing to it. */
  readonly hasReplicas: boolean
  /** Free bytes below which uploads are refused, so that records can still be written. */
  readonly minFree: number
}
