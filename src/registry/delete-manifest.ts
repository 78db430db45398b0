import { type Transaction, transact } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { parseTag, type Tag } from '../oci/tag.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { type ManifestRecord, manifestCodec } from '../records/manifest.ts'
import { tagCodec } from '../records/tag.ts'
import { TupleReader } from '../records/tuple.ts'
import { manifestUnknown } from './manifests.ts'
import { moveTag } from './move-tag.ts'
import type { RegistryParts } from './parts.ts'
import { requireRepository } from './repositories.ts'
import { reviewLink } from './review.ts'

/** Tags that one commit removes; a manifest with more loses them in steps. */
const TAGS_AT_ONCE = 200

/** Deletes a tag and nothing else. Throws NAME_UNKNOWN, MANIFEST_UNKNOWN. */
export async function deleteTag(
  parts: RegistryParts,
  name: RepositoryName,
  tag: Tag,
  by: string,
): Promise<void> {
  const repo = (await requireRepository(parts.metadata, name)).id
  await transact(parts.metadata, async (transaction) => {
    const found = await transaction.get(tagCodec, keys.tag(repo, tag))
    if (found === undefined) throw manifestUnknown(name, { kind: 'tag', tag })
    await moveTag(transaction, { repo, tag, at: parts.now(), by }, undefined)
  })
}

/** Deletes a manifest with all its tags; it is gone from tags and referrers at once. Throws NAME_UNKNOWN, MANIFEST_UNKNOWN. */
export async function deleteManifest(
  parts: RegistryParts,
  name: RepositoryName,
  digest: Digest,
  by: string,
): Promise<void> {
  const repo = (await requireRepository(parts.metadata, name)).id
  for (;;) {
    const done = await transact(parts.metadata, async (transaction) => {
      const manifest = await transaction.getChecked(manifestCodec, keys.manifest(repo, digest))
      if (manifest === undefined) throw manifestUnknown(name, { kind: 'digest', digest })
      const prefix = keys.tagsOf(repo, digest)
      const tagged = await transaction.range({ prefix, limit: TAGS_AT_ONCE + 1 })
      const at = parts.now()
      for (const entry of tagged.slice(0, TAGS_AT_ONCE)) {
        // A tag that leads elsewhere by now is not ours to delete.
        transaction.checkVersion(entry.key, entry.version)
        await moveTag(transaction, { repo, tag: tagFromKey(entry.key), at, by }, undefined)
      }
      if (tagged.length > TAGS_AT_ONCE) return false
      transaction.checkRange(manifest.key, prefix, tagged)
      removeRecords(transaction, parts, { repo, digest, record: manifest.value })
      return true
    })
    if (done) return
  }
}

function removeRecords(
  transaction: Transaction,
  parts: RegistryParts,
  manifest: { readonly repo: RepositoryId; readonly digest: Digest; readonly record: ManifestRecord },
): void {
  const { repo, digest, record } = manifest
  transaction.delete(keys.manifest(repo, digest))
  transaction.delete(keys.body(repo, digest))
  if (record.subject !== undefined) transaction.delete(keys.referrer(repo, record.subject, digest))
  for (const child of record.children) {
    transaction.delete(keys.edge(repo, child, digest))
    reviewLink(transaction, parts.now(), parts.settings.grace, { repo, digest: child })
  }
}

function tagFromKey(key: Uint8Array): Tag {
  const reader = new TupleReader(key)
  reader.bytes(8)
  reader.digest()
  const tag = parseTag(reader.text())
  if (tag === undefined) throw new TypeError('a tagged key holds no tag')
  return tag
}
