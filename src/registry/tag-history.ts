import { transact } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Tag } from '../oci/tag.ts'
import { keys } from '../records/keys.ts'
import { readTagLogKey } from '../records/read-key.ts'
import { tagCodec, tagLogCodec } from '../records/tag.ts'
import { changeOf } from './delete-manifest.ts'
import { moveTag } from './move-tag.ts'
import type { RegistryParts } from './parts.ts'
import { checkRepository, requireRepository } from './repositories.ts'
import { restoreDeleted } from './restore-manifest.ts'

/** Steps that are looked at for one to go back to: all that are kept. */
const ALL = 1000

/** One step of a tag's history. */
export interface TagStep {
  readonly sequence: number
  /** Where it led from then on; absent: it was deleted. */
  readonly digest?: Digest | undefined
  readonly at: number
  readonly by: string
  /** The retention rule that deleted it. */
  readonly policy?: string | undefined
}

/** A tag's history, newest step first, before `before`. Throws NAME_UNKNOWN. */
export async function tagHistory(
  parts: RegistryParts,
  tag: { readonly name: RepositoryName; readonly tag: Tag },
  page: { readonly before: number | undefined; readonly limit: number },
): Promise<TagStep[]> {
  const repo = (await requireRepository(parts.metadata, tag.name)).id
  const prefix = keys.tagLog(repo, tag.tag)
  const from = page.before === undefined ? {} : { from: keys.tagLogEntry(repo, tag.tag, BigInt(page.before)) }
  const entries = await parts.metadata.range({ prefix, ...from, limit: page.limit, reverse: true })
  return entries.map(({ key, value }) => ({
    sequence: Number(readTagLogKey(key).sequence),
    ...tagLogCodec.decode(value),
  }))
}

export interface Rollback {
  readonly name: RepositoryName
  readonly tag: Tag
  /** One that it led to before; undefined: the last one that is not where it leads now. */
  readonly to: Digest | undefined
  readonly by: string
}

/**
 * Makes a tag lead to where it led before, or exist again. A manifest that was deleted meanwhile is restored. Throws
 * NAME_UNKNOWN, TAG_INVALID when the history has no such step, MANIFEST_UNKNOWN, and DENIED when the tag is immutable.
 */
export async function rollbackTag(
  parts: RegistryParts,
  rollback: Rollback,
): Promise<{ readonly digest: Digest; readonly restored: boolean }> {
  const { name, tag, by } = rollback
  const repo = (await requireRepository(parts.metadata, name)).id
  const digest = await targetOf(parts, rollback, keys.tag(repo, tag))
  const moved = await transact(parts.metadata, async (transaction) => {
    const [here] = await transaction.present([keys.manifest(repo, digest)])
    if (here !== true || (await checkRepository(transaction, name, repo)) === undefined) return false
    transaction.checkExists(keys.manifest(repo, digest))
    await moveTag(transaction, { ...(await changeOf(parts, name)), repo, tag, by }, digest)
    return true
  })
  if (!moved) await restoreDeleted(parts, { name, digest, account: by, tags: [tag] })
  return { digest, restored: !moved }
}

async function targetOf(parts: RegistryParts, rollback: Rollback, key: Uint8Array): Promise<Digest> {
  const { name, tag, to } = rollback
  const [stored] = await parts.metadata.read([key])
  const now = stored && tagCodec.decode(stored.value).digest
  const steps = await tagHistory(parts, rollback, { before: undefined, limit: ALL })
  const found = steps.find(
    ({ digest }) => digest !== undefined && (to === undefined ? digest !== now : digest === to),
  )
  if (found?.digest !== undefined) return found.digest
  throw new RegistryError('TAG_INVALID', {
    message:
      to === undefined
        ? `tag '${tag}' of '${name}' never led anywhere else, so there is nothing to go back to`
        : `tag '${tag}' of '${name}' never led to ${to}; its log shows where it did`,
    detail: { name, tag },
  })
}
