import type { Transaction } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import { projectOf, type RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { pagesOf } from '../records/pages.ts'
import type { PolicyRecord } from '../records/policy.ts'
import { readEdgeKey, readTaggedKey, readTagKey } from '../records/read-key.ts'
import { matchesPattern } from './patterns.ts'
import { policyOf } from './policies.ts'

/** Parents that a look upwards visits, at most: deeper nests of indexes are nobody's image. */
const MOST_PARENTS = 1000
const PAGE = 200

/** The pattern that makes a tag immutable, if one does. */
export function immutablePattern(policy: PolicyRecord, tag: string): string | undefined {
  return policy.immutableTags.find((pattern) => matchesPattern(pattern, tag))
}

/** Throws DENIED for a tag that may neither move nor go. The wording is one that kaniko and others recognise. */
export function refuseImmutable(policy: PolicyRecord, name: RepositoryName, tag: string): void {
  const pattern = immutablePattern(policy, tag)
  if (pattern === undefined) return
  throw new RegistryError('DENIED', {
    message: `tag '${tag}' already exists in '${name}' and cannot be overwritten because the repository is immutable for tags like '${pattern}', nor deleted; push under another tag, or ask an admin of the project to change its policy`,
    detail: { name, tag, pattern },
  })
}

/**
 * Refuses to take a blob or child manifest from under an immutable tag, however many indexes lie between. The commit
 * checks that nothing came to use it meanwhile. Throws DENIED.
 */
export async function refuseImmutableChild(
  transaction: Transaction,
  where: { readonly name: RepositoryName; readonly repo: RepositoryId; readonly digest: Digest },
  owner: Uint8Array,
): Promise<void> {
  const { name, repo, digest } = where
  const policy = await policyOf(transaction, projectOf(name))
  if (policy.immutableTags.length === 0) return
  await transaction.wholeRange(owner, keys.edges(repo, digest))
  for await (const parent of parentsOf(transaction, repo, digest)) {
    const tag = await immutableTagOf(transaction, policy, { repo, digest: parent })
    if (tag === undefined) continue
    throw new RegistryError('DENIED', {
      message: `${digest} is part of what the immutable tag '${tag}' of '${name}' leads to, and cannot be deleted`,
      detail: { name, digest, tag },
    })
  }
}

/** Manifests that lead to `digest`, near ones first, itself excluded. */
async function* parentsOf(
  transaction: Transaction,
  repo: RepositoryId,
  digest: Digest,
): AsyncGenerator<Digest> {
  const seen = new Set<Digest>([digest])
  for (const child of seen) {
    for await (const key of keysUnder(transaction, keys.edges(repo, child))) {
      const { parent } = readEdgeKey(key)
      if (seen.has(parent) || seen.size > MOST_PARENTS) continue
      seen.add(parent)
      yield parent
    }
  }
}

async function immutableTagOf(
  transaction: Transaction,
  policy: PolicyRecord,
  manifest: { readonly repo: RepositoryId; readonly digest: Digest },
): Promise<string | undefined> {
  for await (const key of keysUnder(transaction, keys.tagsOf(manifest.repo, manifest.digest))) {
    const { tag } = readTaggedKey(key)
    if (immutablePattern(policy, tag) !== undefined) return tag
  }
  return undefined
}

/** The first immutable tag of a repository that is there. */
export async function findImmutableTag(
  transaction: Transaction,
  name: RepositoryName,
  repo: RepositoryId,
): Promise<string | undefined> {
  const policy = await policyOf(transaction, projectOf(name))
  if (policy.immutableTags.length === 0) return undefined
  for await (const key of keysUnder(transaction, keys.tags(repo))) {
    const { tag } = readTagKey(key)
    if (immutablePattern(policy, tag) !== undefined) return tag
  }
  return undefined
}

async function* keysUnder(transaction: Transaction, prefix: Uint8Array): AsyncGenerator<Uint8Array> {
  for await (const page of pagesOf(transaction, { prefix, limit: PAGE }))
    for (const { key } of page) yield key
}
