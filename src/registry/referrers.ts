import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { keys } from '../records/keys.ts'
import { type ReferrerRecord, referrerCodec } from '../records/manifest.ts'
import { pagesOf } from '../records/pages.ts'
import type { RegistryParts } from './parts.ts'
import { findRepository } from './repositories.ts'

const PAGE = 200

export interface ReferrersQuery {
  readonly name: RepositoryName
  readonly subject: Digest
  /** Only these artifact types; empty: all. */
  readonly types: readonly string[]
  /** Only behind this digest. */
  readonly last: Digest | undefined
}

/**
 * Descriptors of the manifests whose subject is `subject`, in order of digest; undefined for each that is of another type
 * than was asked for. An unknown repository or subject has none: distribution-spec "Listing Referrers": "MUST NOT return a 404".
 */
export async function* listReferrers(
  parts: Pick<RegistryParts, 'metadata'>,
  query: ReferrersQuery,
): AsyncGenerator<ReferrerRecord | undefined> {
  const repository = await findRepository(parts.metadata, query.name)
  if (repository === undefined) return
  const prefix = keys.referrers(repository.id, query.subject)
  const after = query.last === undefined ? undefined : keys.referrer(repository.id, query.subject, query.last)
  for await (const page of pagesOf(parts.metadata, { prefix, after, limit: PAGE }))
    for (const entry of page) {
      const record = referrerCodec.decode(entry.value)
      yield query.types.length === 0 || query.types.includes(record.artifactType ?? '') ? record : undefined
    }
}

/** At most `count` of them. */
export async function firstReferrers(
  parts: Pick<RegistryParts, 'metadata'>,
  query: ReferrersQuery,
  count: number,
): Promise<ReferrerRecord[]> {
  const found: ReferrerRecord[] = []
  for await (const referrer of listReferrers(parts, query)) {
    if (referrer !== undefined) found.push(referrer)
    if (found.length === count) break
  }
  return found
}
