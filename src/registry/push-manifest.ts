import { setImmediate } from 'node:timers/promises'
import { type Transaction, transact } from '../../storage/metadata/transact.ts'
import { type Digest, type DigestAlgorithm, digestAlgorithm } from '../oci/digest.ts'
import { effectiveArtifactType, type ParsedManifest } from '../oci/manifest.ts'
import { projectOf, type RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { parseTag, type Tag } from '../oci/tag.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import {
  BODY_LIMIT,
  bodyCodec,
  edgeCodec,
  type ManifestBody,
  type ManifestRecord,
  manifestCodec,
  referrerCodec,
} from '../records/manifest.ts'
import { type GraveRecord, graveCodec } from '../records/review.ts'
import { isStale } from './links.ts'
import { checkReferences } from './manifest-checks.ts'
import { digestOf, inSteps } from './manifest-digest.ts'
import { readAhead } from './manifest-reads.ts'
import { moveTag, reviewUntagged, type TagCondition } from './move-tag.ts'
import { parseManifestAside } from './parse-manifest.ts'
import type { RegistryParts } from './parts.ts'
import { policyOf } from './policies.ts'
import { queueIndexing } from './queue-index.ts'
import { ensureRepository } from './repositories.ts'
import type { Uploads } from './uploads.ts'

/** A manifest as a client pushes it. */
export interface ManifestPush {
  readonly name: RepositoryName
  /** Only until the push has ended. */
  readonly bytes: Uint8Array
  /** Bare Content-Type, empty when absent. */
  readonly contentType: string
  /** The digest under which it is pushed: from the URL, else undefined for sha256. */
  readonly digest: Digest | undefined
  readonly tags: readonly Tag[]
  /** What its tags must lead to now. */
  readonly onlyIf?: TagCondition | undefined
  readonly account: string
}

export interface PushedManifest {
  readonly digest: Digest
  /** Undefined as well for a digest whose referrers nobody can ask for here. */
  readonly subject: Digest | undefined
}

/**
 * Stores a manifest with its edges, tags and place among the referrers, in one commit that relies on what it refers to.
 * Throws MANIFEST_INVALID, DIGEST_INVALID, MANIFEST_BLOB_UNKNOWN, and DENIED for a tag that may not move, with 412
 * when it does not lead where it must.
 */
export async function pushManifest(
  parts: RegistryParts,
  uploads: Uploads,
  push: ManifestPush,
): Promise<PushedManifest> {
  const digest = await verifiedDigest(push)
  const manifest = await parseManifestAside(push.bytes, push.contentType)
  if (typeof manifest === 'string') throw new RegistryError('MANIFEST_INVALID', { message: manifest })
  const large = push.bytes.length > BODY_LIMIT
  if (large) await pushBody(uploads, push, digest)
  await transact(parts.metadata, (transaction) =>
    write(transaction, parts, {
      push,
      manifest,
      digest,
      large,
      tags: push.tags,
      tagsOf: () => Promise.resolve(push.tags),
    }),
  )
  return { digest, subject: manifest.subject?.digest }
}

async function verifiedDigest(push: ManifestPush): Promise<Digest> {
  const algorithm: DigestAlgorithm = push.digest === undefined ? 'sha256' : digestAlgorithm(push.digest)
  const digest = await digestOf(algorithm, push.bytes)
  if (push.digest === undefined || push.digest === digest) return digest
  throw new RegistryError('DIGEST_INVALID', {
    message: `the manifest that was sent has digest ${digest}, not ${push.digest}`,
    detail: { digest: push.digest, received: digest },
  })
}

/** A large body lives in the blob store, as an ordinary blob of the repository. */
async function pushBody(uploads: Uploads, push: ManifestPush, digest: Digest): Promise<void> {
  const { name, account, bytes } = push
  const id = await uploads.start(name, account, digestAlgorithm(digest))
  const body = (async function* (): AsyncGenerator<Uint8Array> {
    for (const step of inSteps(bytes)) {
      yield step
      await setImmediate()
    }
  })()
  const session = { id, name, account }
  try {
    await uploads.finish(session, digest, { bytes: body, range: undefined, length: bytes.length })
  } catch (error) {
    // Nobody knows of it who could end it, and it counts among what the account has open.
    await uploads.cancel(session)
    throw error
  }
}

interface ManifestWrite {
  readonly push: Omit<ManifestPush, 'tags'>
  readonly manifest: ParsedManifest
  readonly digest: Digest
  readonly large: boolean
  /** The tags that it is pushed with. */
  readonly tags: readonly Tag[]
  /** The tags to set, which may be more. `grave` is what is left of the manifest when it was deleted. */
  readonly tagsOf: (
    grave: GraveRecord | undefined,
    transaction: Transaction,
    repo: RepositoryId,
  ) => Promise<readonly Tag[]>
}

async function write(transaction: Transaction, parts: RegistryParts, work: ManifestWrite): Promise<void> {
  const { push, manifest, digest, large } = work
  const { account, name } = push
  const at = parts.now()
  const owner = { account, now: at, ensureProject: parts.ensureProject }
  const repo = (await ensureRepository(transaction, name, owner)).id
  const { indexLayers } = parts.settings
  await readAhead(transaction, { name, repo, manifest, digest, tags: work.tags, indexLayers })
  const children = [...(await checkReferences(transaction, repo, manifest, parts.settings.allowSparse))]
  if (large) {
    transaction.checkExists(keys.link(repo, digest))
    children.push(digest)
  }
  const key = keys.manifest(repo, digest)
  const existing = await transaction.getChecked(manifestCodec, key)
  checkSameType(existing?.value, manifest)
  // Its end would take the edges of what is alive again.
  const grave = await transaction.getChecked(graveCodec, keys.grave(repo, digest))
  if (grave !== undefined) transaction.delete(grave.key)
  const before = existing?.value ?? grave?.value.manifest
  const { created, by } = before ?? { created: at, by: account }
  const record = { ...recordOf(work, children), created, by, confirmed: at }
  if (!stands(existing?.value, record, parts)) transaction.set(manifestCodec, key, record)
  transaction.set(bodyCodec, keys.body(repo, digest), bodyOf(work))
  for (const child of children) transaction.set(edgeCodec, keys.edge(repo, child, digest), {})
  await writeReferrer(transaction, repo, work)
  const change = {
    name,
    repo,
    at,
    by: account,
    policy: await policyOf(transaction, projectOf(name)),
    grace: parts.settings.grace,
    notesEvents: parts.settings.notesEvents,
    onlyIf: push.onlyIf,
  }
  const tags = await work.tagsOf(grave?.value, transaction, repo)
  for (const tag of tags) await moveTag(transaction, { ...change, tag }, digest)
  if (tags.length === 0) reviewUntagged(transaction, change, digest)
  if (indexLayers) await queueIndexing(transaction, manifest, at)
}

function bodyOf({ large, push }: ManifestWrite): ManifestBody {
  return large ? { kind: 'blob' } : { kind: 'inline', bytes: push.bytes }
}

/** Whether what is there says the same, and lately. Many who tag one manifest at once rely on it, and do not all write it. */
function stands(existing: ManifestRecord | undefined, record: ManifestRecord, parts: RegistryParts): boolean {
  if (existing === undefined || isStale(existing.confirmed, parts)) return false
  // The same bytes differ in nothing else: in which of their children were here.
  return existing.children.join() === record.children.join()
}

/** The same bytes never change their type: a client that cached them read them as the first (CVE-2021-41190). */
function checkSameType(existing: ManifestRecord | undefined, manifest: ParsedManifest): void {
  if (existing === undefined || existing.mediaType === manifest.mediaType) return
  throw new RegistryError('MANIFEST_INVALID', {
    message: `this manifest is already here as '${existing.mediaType}' and cannot become '${manifest.mediaType}'`,
  })
}

function recordOf(
  work: ManifestWrite,
  children: Digest[],
): Omit<ManifestRecord, 'created' | 'by' | 'confirmed'> {
  const { manifest, push } = work
  const artifactType = effectiveArtifactType(manifest)
  const subject = manifest.subject?.digest
  const config = manifest.config?.digest
  return {
    mediaType: manifest.mediaType,
    size: push.bytes.length,
    ...(artifactType !== undefined && { artifactType }),
    ...(subject && { subject }),
    ...(config && { config }),
    children,
  }
}

/**
 * distribution-spec "Pushing Manifests with Subject": the subject need not be here. When it is, the commit relies on
 * it: who takes a subject away takes all its referrers along, or none.
 */
async function writeReferrer(
  transaction: Transaction,
  repo: RepositoryId,
  work: ManifestWrite,
): Promise<void> {
  const { manifest, digest, push } = work
  const subject = manifest.subject?.digest
  if (subject === undefined) return
  const [here] = await transaction.present([keys.manifest(repo, subject)])
  if (here === true) transaction.checkExists(keys.manifest(repo, subject))
  const artifactType = effectiveArtifactType(manifest)
  transaction.set(referrerCodec, keys.referrer(repo, subject, digest), {
    mediaType: manifest.mediaType,
    size: push.bytes.length,
    digest,
    ...(artifactType !== undefined && { artifactType }),
    ...(manifest.annotations && { annotations: manifest.annotations }),
  })
}

/**
 * Restores a manifest that was deleted within the grace, with those of its tags that are free. Everything that it
 * refers to is still here, unless it was deleted by itself. Throws MANIFEST_UNKNOWN, MANIFEST_BLOB_UNKNOWN.
 */
export async function restoreManifest(
  parts: RegistryParts,
  restored: {
    readonly name: RepositoryName
    readonly digest: Digest
    readonly bytes: Uint8Array
    readonly mediaType: string
    readonly account: string
    /** Set beside those that led to it. */
    readonly tags: readonly Tag[]
  },
  gone: () => RegistryError,
): Promise<readonly Tag[]> {
  const { name, digest, bytes, mediaType, account } = restored
  const manifest = await parseManifestAside(bytes, mediaType)
  if (typeof manifest === 'string') throw new RegistryError('MANIFEST_INVALID', { message: manifest })
  const push = { name, bytes, contentType: mediaType, digest, account }
  let tags: readonly Tag[] = []
  const tagsOf: ManifestWrite['tagsOf'] = async (grave, transaction, repo) => {
    if (grave?.manifest === undefined) throw gone()
    const before = grave.tags.flatMap((tag) => parseTag(tag) ?? [])
    const taken = await transaction.present(before.map((tag) => keys.tag(repo, tag)))
    tags = [...new Set([...restored.tags, ...before.filter((_, at) => taken[at] === false)])]
    return tags
  }
  const large = bytes.length > BODY_LIMIT
  await transact(parts.metadata, (transaction) =>
    write(transaction, parts, { push, manifest, digest, large, tags: restored.tags, tagsOf }),
  )
  return tags
}
