import { transact } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Reference } from '../oci/tag.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { manifestCodec } from '../records/manifest.ts'
import { tagCodec } from '../records/tag.ts'
import type { MayPush } from './blobs.ts'
import type { FoundManifest } from './found-manifest.ts'
import { isStale } from './links.ts'
import { type BodyPump, openBody, readBody } from './manifest-body.ts'
import type { RegistryParts } from './parts.ts'
import { requireRepository } from './repositories.ts'

/** A manifest as it was pushed. */
export interface ManifestView {
  readonly digest: Digest
  readonly mediaType: string
  readonly size: number
  /** To be called when it is pulled, and not only looked for. */
  notePull(): void
  /** Its exact bytes. Rejects with StoreDamaged when they are not what was pushed. */
  read(): Promise<Uint8Array>
  /** The same, or what writes them: nobody holds a large one for a client that reads slowly. */
  open(): Promise<Uint8Array | BodyPump>
}

/** Finds a manifest by tag or digest. Throws NAME_UNKNOWN, MANIFEST_UNKNOWN. */
export async function getManifest(
  parts: RegistryParts,
  name: RepositoryName,
  reference: Reference,
  mayPush: MayPush,
): Promise<ManifestView> {
  const text = reference.kind === 'tag' ? reference.tag : reference.digest
  const found = await parts.found.get(`${name} ${text}`, () => findManifest(parts, name, reference))
  const { repo, digest, record, body } = found
  if (isStale(record.confirmed, parts) && (await mayPush()) && !(await confirm(parts, repo, digest)))
    throw manifestUnknown(name, reference)
  const { mediaType, size } = record
  return {
    digest,
    mediaType,
    size,
    notePull: () => parts.pulls.note(repo, digest),
    read: () => readBody(parts, { name, digest }, body),
    open: () => openBody(parts, { name, digest }, body),
  }
}

async function findManifest(
  parts: RegistryParts,
  name: RepositoryName,
  reference: Reference,
): Promise<FoundManifest> {
  const repo = (await requireRepository(parts.metadata, name)).id
  const digest = reference.kind === 'digest' ? reference.digest : await resolveTag(parts, repo, reference.tag)
  if (digest === undefined) throw manifestUnknown(name, reference)
  const [stored, body] = await parts.metadata.read([keys.manifest(repo, digest), keys.body(repo, digest)])
  if (stored === undefined || body === undefined) throw manifestUnknown(name, reference)
  return { repo, digest, record: manifestCodec.decode(stored.value), body: body.value }
}

async function resolveTag(
  parts: RegistryParts,
  repo: RepositoryId,
  tag: string,
): Promise<Digest | undefined> {
  const [stored] = await parts.metadata.read([keys.tag(repo, tag)])
  return stored && tagCodec.decode(stored.value).digest
}

export function manifestUnknown(name: RepositoryName, reference: Reference): RegistryError {
  const what = reference.kind === 'tag' ? `tag '${reference.tag}'` : `manifest ${reference.digest}`
  return new RegistryError('MANIFEST_UNKNOWN', {
    message: `${what} is not in repository '${name}'`,
    detail: { name, reference: reference.kind === 'tag' ? reference.tag : reference.digest },
  })
}

/** As confirmLink: who may push and is told "exists" will not send it again. */
function confirm(parts: RegistryParts, repo: RepositoryId, digest: Digest): Promise<boolean> {
  return transact(parts.metadata, async (transaction) => {
    const manifest = await transaction.getChecked(manifestCodec, keys.manifest(repo, digest))
    if (manifest === undefined) return false
    if (!isStale(manifest.value.confirmed, parts)) return true
    transaction.set(manifestCodec, manifest.key, { ...manifest.value, confirmed: parts.now() })
    return true
  })
}
