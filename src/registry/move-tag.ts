import { randomBytes } from 'node:crypto'
import type { Transaction } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Tag } from '../oci/tag.ts'
import { eventCodec } from '../records/event.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import type { PolicyRecord } from '../records/policy.ts'
import { readTagLogKey } from '../records/read-key.ts'
import { tagCodec, taggedCodec, tagLogCodec } from '../records/tag.ts'
import { refuseImmutable } from './immutable-tags.ts'
import { untaggedRules } from './policies.ts'
import { queueReview } from './review.ts'

/** Steps of a tag's history that are kept. */
const HISTORY = 1000n

/** Whether a tag may change that leads to `current`; undefined where there is none. */
export type TagCondition = (current: Digest | undefined) => boolean

/** Who changes a tag, and when (milliseconds). */
export interface TagChange {
  readonly name: RepositoryName
  readonly repo: RepositoryId
  readonly tag: Tag
  readonly at: number
  readonly by: string
  /** What the project's admins decided. */
  readonly policy: PolicyRecord
  readonly grace: number
  /** As in RegistrySettings. */
  readonly notesEvents: boolean
  /** The retention rule that deletes it. */
  readonly rule?: string | undefined
  readonly onlyIf?: TagCondition | undefined
}

/**
 * Makes a tag lead to `digest`; undefined deletes it. The commit checks the tag's version, so of two that move it
 * each is seen whole, in some order. The caller checks or writes the manifest, which owns its tags. Throws
 * DENIED, with 412 when `onlyIf` says no, when the tag is immutable: every way to change a tag leads through here.
 */
export async function moveTag(
  transaction: Transaction,
  change: TagChange,
  digest: Digest | undefined,
): Promise<void> {
  const { name, repo, tag, at, by } = change
  const current = await transaction.getChecked(tagCodec, keys.tag(repo, tag))
  if (change.onlyIf?.(current?.value.digest) === false) throw preconditionFailed(tag, current?.value.digest)
  if (current?.value.digest === digest) return
  if (current !== undefined) {
    refuseImmutable(change.policy, name, tag)
    transaction.delete(keys.tagged(repo, current.value.digest, tag))
    reviewUntagged(transaction, change, current.value.digest)
  }
  if (digest === undefined) transaction.delete(keys.tag(repo, tag))
  else {
    transaction.set(tagCodec, keys.tag(repo, tag), { digest, at, by })
    transaction.set(taggedCodec, keys.tagged(repo, digest, tag), {})
  }
  await writeDown(transaction, change, { from: current?.value.digest, to: digest })
}

/** The step in the tag's history, and the event for who is told of it: in the commit of what happened, so both are true. */
async function writeDown(
  transaction: Transaction,
  { name, repo, tag, at, by, rule, notesEvents }: TagChange,
  { from, to }: { readonly from: Digest | undefined; readonly to: Digest | undefined },
): Promise<void> {
  const sequence = await nextSequence(transaction, repo, tag)
  const step = { ...(to && { digest: to }), at, by, ...(rule !== undefined && { policy: rule }) }
  transaction.set(tagLogCodec, keys.tagLogEntry(repo, tag, sequence), step)
  if (sequence > HISTORY) transaction.delete(keys.tagLogEntry(repo, tag, sequence - HISTORY))
  const [action, digest] = to === undefined ? (['delete', from] as const) : (['push', to] as const)
  if (!notesEvents || digest === undefined) return
  const id = randomBytes(8)
  const event = { id: id.toString('hex'), action, name, repo, tag, digest, at, by }
  transaction.set(eventCodec, keys.event(at, sequence, id), event)
}

function preconditionFailed(tag: Tag, current: Digest | undefined): RegistryError {
  const where = current === undefined ? 'does not exist' : `leads to ${current}`
  // distribution-spec "Error Codes" has none for it, and its list is closed; RFC 9110 has the status.
  return new RegistryError('DENIED', {
    status: 412,
    message: `tag '${tag}' ${where}, which is not what the request asked to find; look again and decide anew`,
    detail: { tag, ...(current !== undefined && { digest: current }) },
  })
}

/** A manifest that may have lost its last tag, or never had one, where a rule takes such manifests. */
export function reviewUntagged(
  transaction: Transaction,
  change: Pick<TagChange, 'name' | 'repo' | 'at' | 'policy' | 'grace' | 'rule'>,
  digest: Digest,
): void {
  const { name, repo, at, policy, grace, rule } = change
  if (rule === undefined && untaggedRules(policy, name).length === 0) return
  const due = at + (rule === undefined ? grace : 0) + 1
  queueReview(transaction, {
    due,
    kind: 'manifest',
    name,
    repo,
    digest,
    ...(rule !== undefined && { policy: rule }),
  })
}

/** Safe without a check of its own: whoever writes the tag's log also writes the tag, whose version is checked. */
async function nextSequence(transaction: Transaction, repo: RepositoryId, tag: Tag): Promise<bigint> {
  const [last] = await transaction.range({ prefix: keys.tagLog(repo, tag), limit: 1, reverse: true })
  return last === undefined ? 1n : readTagLogKey(last.key).sequence + 1n
}
