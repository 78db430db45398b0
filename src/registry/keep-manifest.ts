import { transact } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import { type RepositoryName } from '../oci/name.ts'
import { keys } from '../records/keys.ts'
import { keepCodec } from '../records/review.ts'
import { changeOf } from './delete-manifest.ts'
import { manifestUnknown } from './manifests.ts'
import { reviewUntagged } from './move-tag.ts'
import type { RegistryParts } from './parts.ts'
import { requireRepository } from './repositories.ts'

/** Marks a manifest so that no retention rule takes it, or takes the mark away. Throws NAME_UNKNOWN, MANIFEST_UNKNOWN. */
export async function keepManifest(
  parts: RegistryParts,
  manifest: { readonly name: RepositoryName; readonly digest: Digest; readonly by: string },
  keep: boolean,
): Promise<void> {
  const { name, digest, by } = manifest
  const repo = (await requireRepository(parts.metadata, name)).id
  await transact(parts.metadata, async (transaction) => {
    const [here] = await transaction.present([keys.manifest(repo, digest)])
    if (here !== true) throw manifestUnknown(name, { kind: 'digest', digest })
    transaction.checkExists(keys.manifest(repo, digest))
    const change = await changeOf(parts, name)
    if (keep) transaction.set(keepCodec, keys.keep(repo, digest), { at: change.at, by })
    else {
      transaction.delete(keys.keep(repo, digest))
      reviewUntagged(transaction, { ...change, repo }, digest)
    }
  })
}
