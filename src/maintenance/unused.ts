import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { KINDS, type Kind, keys } from '../records/keys.ts'

/** What a store holds before a registry was ever in it: its own id. */
const PREPARED: ReadonlySet<Kind> = new Set<Kind>(['cluster'])

/** The kind of a record that shows that a registry was in the store; undefined when there was none. */
export async function usedKind(metadata: MetadataStore): Promise<Kind | undefined> {
  for (const { kind, prefix } of KINDS)
    if (!PREPARED.has(kind) && (await metadata.range({ prefix, limit: 1 })).length > 0) return kind
  return undefined
}

/** Whether no registry was ever in the store. */
export async function isUnused(metadata: MetadataStore): Promise<boolean> {
  return (await usedKind(metadata)) === undefined
}

/** Whether the records speak of any blob. */
export async function holdsBlobs(metadata: MetadataStore): Promise<boolean> {
  return (await metadata.range({ prefix: keys.blobs(), limit: 1 })).length > 0
}
