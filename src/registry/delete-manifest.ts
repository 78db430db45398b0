import { type Transaction, transact } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import { projectOf, type RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Tag } from '../oci/tag.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { manifestCodec } from '../records/manifest.ts'
import { readEdgeKey, readTaggedKey } from '../records/read-key.ts'
import { tagCodec } from '../records/tag.ts'
import { buryManifest } from './graves.ts'
import { refuseImmutableChild } from './immutable-tags.ts'
import { manifestUnknown } from './manifests.ts'
import { moveTag, type TagChange } from './move-tag.ts'
import type { RegistryParts } from './parts.ts'
import { policyOf } from './policies.ts'
import { requireRepository } from './repositories.ts'

/** Tags that one commit removes; a manifest with more loses them in steps. */
const TAGS_AT_ONCE = 200
/** Parents of a manifest that are looked at, to find one that is not deleted itself. */
const PARENTS_AT_ONCE = 200

/**
 * Deletes a tag and nothing else. Throws NAME_UNKNOWN, MANIFEST_UNKNOWN, and DENIED when it is immutable, with 412
 * when it leads elsewhere than it must.
 */
export async function deleteTag(
  parts: RegistryParts,
  name: RepositoryName,
  tag: Tag,
  { by, onlyIf }: Pick<TagChange, 'by' | 'onlyIf'>,
): Promise<void> {
  const repo = (await requireRepository(parts.metadata, name)).id
  await transact(parts.metadata, async (transaction) => {
    const found = await transaction.get(tagCodec, keys.tag(repo, tag))
    if (found === undefined) throw manifestUnknown(name, { kind: 'tag', tag })
    await moveTag(transaction, { ...(await changeOf(parts, name)), repo, tag, by, onlyIf }, undefined)
  })
}

/**
 * Deletes a manifest with all its tags; it is gone from tags and referrers at once, and can be restored within the
 * grace. Throws NAME_UNKNOWN, MANIFEST_UNKNOWN, DENIED when an immutable tag leads to it, and what gcr.io answers for
 * one that is still in use, where the project's policy says so.
 */
export async function deleteManifest(
  parts: RegistryParts,
  name: RepositoryName,
  digest: Digest,
  by: string,
): Promise<void> {
  const repo = (await requireRepository(parts.metadata, name)).id
  const removed: Tag[] = []
  for (;;) {
    const step = await transact(parts.metadata, (transaction) =>
      deleteStep(transaction, parts, { name, repo, digest, by, removed }),
    )
    if (step.done) return
    removed.push(...step.tags)
  }
}

interface Deletion {
  readonly name: RepositoryName
  readonly repo: RepositoryId
  readonly digest: Digest
  readonly by: string
  /** Tags that went in earlier steps. */
  readonly removed: readonly Tag[]
}

async function deleteStep(
  transaction: Transaction,
  parts: RegistryParts,
  deletion: Deletion,
): Promise<{ done: boolean; tags: Tag[] }> {
  const { name, repo, digest, by } = deletion
  const manifest = await transaction.getChecked(manifestCodec, keys.manifest(repo, digest))
  if (manifest === undefined) throw manifestUnknown(name, { kind: 'digest', digest })
  const change = await changeOf(parts, name)
  const prefix = keys.tagsOf(repo, digest)
  const tagged = await transaction.range({ prefix, limit: TAGS_AT_ONCE + 1 })
  const tags = tagged.map(({ key }) => readTaggedKey(key).tag)
  if (change.policy.refuseDangling) await refuseDangling(transaction, deletion, tags[0])
  await refuseImmutableChild(transaction, { name, repo, digest }, manifest.key)
  for (const [at, entry] of tagged.slice(0, TAGS_AT_ONCE).entries()) {
    // A tag that leads elsewhere by now is not ours to delete.
    transaction.checkVersion(entry.key, entry.version)
    const tag = tags[at]
    if (tag !== undefined) await moveTag(transaction, { ...change, repo, tag, by }, undefined)
  }
  if (tagged.length > TAGS_AT_ONCE) return { done: false, tags: tags.slice(0, TAGS_AT_ONCE) }
  transaction.checkRange(manifest.key, prefix, tagged)
  buryManifest(transaction, parts, {
    name,
    repo,
    digest,
    record: manifest.value,
    tags: [...deletion.removed, ...tags],
    by,
  })
  return { done: true, tags }
}

/** What every change of a tag in this repository needs. */
export async function changeOf(
  parts: RegistryParts,
  name: RepositoryName,
): Promise<Pick<TagChange, 'name' | 'at' | 'policy' | 'grace' | 'notesEvents'>> {
  const policy = await policyOf(parts.metadata, projectOf(name))
  const { grace, notesEvents } = parts.settings
  return { name, at: parts.now(), policy, grace, notesEvents }
}

/** The codes are those of gcr.io: scripts that were written for it untag first when they see them. */
async function refuseDangling(
  transaction: Transaction,
  deletion: Deletion,
  tag: Tag | undefined,
): Promise<void> {
  const { name, repo, digest } = deletion
  if (tag !== undefined)
    throw new RegistryError('GOOGLE_MANIFEST_DANGLING_TAG', {
      message: `manifest ${digest} of '${name}' is still tagged '${tag}'; delete its tags first`,
      detail: { name, digest, tag },
    })
  const parents = await transaction.range({ prefix: keys.edges(repo, digest), limit: PARENTS_AT_ONCE })
  const digests = parents.map(({ key }) => readEdgeKey(key).parent).filter((parent) => parent !== digest)
  const there = await transaction.present(digests.map((parent) => keys.manifest(repo, parent)))
  const parent = digests.find((_, at) => there[at] === true)
  if (parent === undefined) return
  throw new RegistryError('GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE', {
    message: `manifest ${digest} of '${name}' is part of the index ${parent}; delete that first`,
    detail: { name, digest, parent },
  })
}
