import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { StoreUnavailable } from '../../storage/store-errors.ts'
import { clusterCodec } from '../records/cluster.ts'
import { keys } from '../records/keys.ts'

/**
 * Rejects with StoreUnavailable once the records are not those of the registry that they first were: a database that was
 * lost, and made anew under the same address while servers ran, knows of no bytes, and what no record mentions is swept
 * away, snapshots of the records included.
 */
export function sameRegistry(metadata: Pick<MetadataStore, 'read'>): () => Promise<void> {
  let own: string | undefined
  return async () => {
    const [stored] = await metadata.read([keys.cluster()])
    const now = stored && clusterCodec.decode(stored.value).id
    own ??= now
    if (now !== own)
      throw new StoreUnavailable(
        `the records are not those of this registry (${own}) any more: is LAMINA_METADATA the same database?`,
      )
  }
}
