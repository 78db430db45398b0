import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Tag } from '../oci/tag.ts'
import { keys } from '../records/keys.ts'
import { pagesOf } from '../records/pages.ts'
import { readContentKey } from '../records/read-key.ts'
import { type GraveRecord, graveCodec } from '../records/review.ts'
import { readBody } from './manifest-body.ts'
import { manifestUnknown } from './manifests.ts'
import type { RegistryParts } from './parts.ts'
import { restoreManifest } from './push-manifest.ts'
import { requireRepository } from './repositories.ts'

const PAGE = 200

export interface Restoration {
  readonly name: RepositoryName
  readonly digest: Digest
  readonly account: string
  /** Tags to set, beside those that led to it and are free now. */
  readonly tags?: readonly Tag[]
}

/**
 * Restores a deleted manifest whose grave has not ended. Gives the tags that lead to it again. Throws NAME_UNKNOWN, and
 * MANIFEST_UNKNOWN that says who deleted it when that is known.
 */
export async function restoreDeleted(parts: RegistryParts, wanted: Restoration): Promise<readonly Tag[]> {
  const { name, digest, account, tags = [] } = wanted
  const repo = (await requireRepository(parts.metadata, name)).id
  const [stored, body, here] = await parts.metadata.read([
    keys.grave(repo, digest),
    keys.body(repo, digest),
    keys.manifest(repo, digest),
  ])
  if (here !== undefined)
    throw new RegistryError('MANIFEST_UNKNOWN', {
      message: `manifest ${digest} of '${name}' is here and not deleted, so there is nothing to restore`,
      detail: { name, digest },
    })
  const grave = stored && graveCodec.decode(stored.value)
  if (grave?.manifest === undefined || body === undefined) throw notRestorable(name, digest, grave)
  const bytes = await readBody(parts, { name, digest }, body.value)
  return restoreManifest(
    parts,
    { name, digest, account, tags, bytes, mediaType: grave.manifest.mediaType },
    () => notRestorable(name, digest, undefined),
  )
}

function notRestorable(name: RepositoryName, digest: Digest, grave: GraveRecord | undefined): RegistryError {
  if (grave === undefined) return manifestUnknown(name, { kind: 'digest', digest })
  const who = grave.policy === undefined ? grave.by : `the retention rule '${grave.policy}'`
  return new RegistryError('MANIFEST_UNKNOWN', {
    message: `manifest ${digest} of '${name}' was deleted by ${who} on ${day(grave.at)}, and the time to restore it ended on ${day(grave.until)}; push it again`,
    detail: {
      name,
      digest,
      deletedBy: grave.by,
      ...(grave.policy !== undefined && { policy: grave.policy }),
    },
  })
}

function day(at: number): string {
  return new Date(at).toISOString().replace('T', ' ').slice(0, 16)
}

export interface DeletedManifest extends GraveRecord {
  readonly digest: Digest
}

/** Manifests of a repository that can be restored, in order of digest, behind `after`. Throws NAME_UNKNOWN. */
export async function listDeleted(
  parts: RegistryParts,
  name: RepositoryName,
  page: { readonly after: Digest | undefined; readonly limit: number },
): Promise<DeletedManifest[]> {
  const repo = (await requireRepository(parts.metadata, name)).id
  const after = page.after === undefined ? undefined : keys.grave(repo, page.after)
  const found: DeletedManifest[] = []
  for await (const entries of pagesOf(parts.metadata, { prefix: keys.graves(repo), after, limit: PAGE }))
    for (const entry of entries) {
      const grave = graveCodec.decode(entry.value)
      if (grave.manifest === undefined) continue
      found.push({ ...grave, digest: readContentKey(entry.key).digest })
      if (found.length === page.limit) return found
    }
  return found
}
