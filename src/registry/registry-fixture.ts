import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import { emptyMemoryBlobs, openMemoryBlobStore } from '../../storage/blobs/memory/memory-blob-store.ts'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { Commit, MetadataStore, RangeQuery } from '../../storage/metadata/metadata-store.ts'
import type { Digest, DigestAlgorithm } from '../oci/digest.ts'
import { getBlob, mayNotPush } from './blobs.ts'
import { chunk, digestOf, name, tag } from './content-fixture.ts'
import { foundManifests } from './found-manifest.ts'
import { getManifest } from './manifests.ts'
import { RegistryMeter } from './meter.ts'
import type { Damage, RegistryParts, RegistrySettings } from './parts.ts'
import { Pulls } from './pulls.ts'
import { type ManifestPush, type PushedManifest, pushManifest } from './push-manifest.ts'
import { Quotas } from './quotas.ts'
import { Uploads } from './uploads.ts'

/** A registry over memory stores, with a clock and with hooks that run in the gaps where races happen. */

export const HOUR = 3_600_000
export const ALICE = 'user:alice'

/** Hooks run once, then they are taken off, so that what they do themselves does not trigger them. */
export interface Hooks {
  beforeCommit?: ((commit: Commit) => Promise<void>) | undefined
  afterRead?: ((keys: readonly Uint8Array[]) => Promise<void>) | undefined
  afterRange?: ((query: RangeQuery) => Promise<void>) | undefined
}

export interface TestRegistry {
  readonly parts: RegistryParts
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  readonly contents: ReturnType<typeof emptyMemoryBlobs>
  readonly hooks: Hooks
  readonly clock: { now: number }
  readonly disk: { free: number | undefined }
  /** Blobs that were quarantined, as the log would tell. */
  readonly damages: readonly Damage[]
  uploads: Uploads
  /** As after a restart of the process: nothing in memory is left. */
  restart(): void
}

/** `over`: stores to use instead of new, empty ones. */
export async function openTestRegistry(
  settings: Partial<RegistrySettings> = {},
  over: { readonly metadata?: MetadataStore; readonly blobs?: ReturnType<typeof emptyMemoryBlobs> } = {},
): Promise<TestRegistry> {
  const contents = over.blobs ?? emptyMemoryBlobs()
  const hooks: Hooks = {}
  const clock = { now: 1_800_000_000_000 }
  const disk: TestRegistry['disk'] = { free: undefined }
  const damages: Damage[] = []
  const metadata = hooked(over.metadata ?? (await openMemoryMetadataStore()), hooks)
  const blobs = withDisk(openMemoryBlobStore(contents), disk)
  const parts: RegistryParts = {
    metadata,
    blobs,
    now: () => clock.now,
    ensureProject: () => Promise.resolve(),
    pulls: new Pulls(() => clock.now),
    quotas: new Quotas(metadata, () => clock.now),
    found: foundManifests(metadata),
    meter: new RegistryMeter(),
    settings: {
      grace: 24 * HOUR,
      trashDelay: HOUR,
      uploadExpiry: 24 * HOUR,
      maxUploads: 1000,
      allowSparse: false,
      indexLayers: false,
      notesEvents: false,
      hasReplicas: false,
      minFree: 1000,
      ...settings,
    },
    onDamage: (damage) => damages.push(damage),
  }
  const registry: TestRegistry = {
    parts,
    metadata,
    blobs,
    contents,
    hooks,
    clock,
    disk,
    damages,
    uploads: new Uploads(parts),
    restart: () => {
      registry.uploads = new Uploads(parts)
    },
  }
  return registry
}

function hooked(store: MetadataStore, hooks: Hooks): MetadataStore {
  return {
    get generation() {
      return store.generation
    },
    read: async (wanted) => {
      const found = await store.read(wanted)
      const hook = hooks.afterRead
      await hook?.(wanted)
      return found
    },
    range: async (query) => {
      const found = await store.range(query)
      const hook = hooks.afterRange
      await hook?.(query)
      return found
    },
    commit: async (commit) => {
      const hook = hooks.beforeCommit
      hooks.beforeCommit = undefined
      await hook?.(commit)
      await store.commit(commit)
    },
    snapshot: () => store.snapshot(),
    close: () => store.close(),
  }
}

function withDisk(store: BlobStore, disk: TestRegistry['disk']): BlobStore {
  return {
    readsUploads: store.readsUploads,
    read: (...args) => store.read(...args),
    readMany: (...args) => store.readMany(...args),
    presign: (...args) => store.presign(...args),
    size: (...args) => store.size(...args),
    remove: (...args) => store.remove(...args),
    removeMany: (locations) => store.removeMany(locations),
    list: () => store.list(),
    uploads: () => store.uploads(),
    create: (...args) => store.create(...args),
    append: (...args) => store.append(...args),
    readUpload: (...args) => store.readUpload(...args),
    complete: (...args) => store.complete(...args),
    abort: (...args) => store.abort(...args),
    freeBytes: () => Promise.resolve(disk.free),
    check: () => store.check(),
    close: () => store.close(),
  }
}

/** Pushes a blob in one go; gives its digest. */
export async function pushBlob(
  registry: TestRegistry,
  repository: string,
  content: Uint8Array | string,
  algorithm: DigestAlgorithm = 'sha256',
): Promise<Digest> {
  const digest = digestOf(content, algorithm)
  const id = await registry.uploads.start(name(repository), ALICE)
  await registry.uploads.finish({ id, name: name(repository), account: ALICE }, digest, chunk(content))
  return digest
}

export function push(
  registry: TestRegistry,
  repository: string,
  bytes: Uint8Array,
  more: Partial<Omit<ManifestPush, 'tags'>> & { readonly tags?: readonly string[] } = {},
): Promise<PushedManifest> {
  const { tags = [], ...rest } = more
  return pushManifest(registry.parts, registry.uploads, {
    name: name(repository),
    bytes,
    contentType: '',
    digest: undefined,
    tags: tags.map(tag),
    account: ALICE,
    ...rest,
  })
}

/** A blob's bytes as a pull gets them; undefined when it is not in the repository. */
export async function pull(
  registry: TestRegistry,
  repository: string,
  digest: Digest,
): Promise<Buffer | undefined> {
  try {
    const blob = await getBlob(registry.parts, name(repository), digest, mayNotPush)
    const pieces: Buffer[] = []
    await (await blob.open()).pump((piece) => void pieces.push(Buffer.from(piece)))
    return Buffer.concat(pieces)
  } catch (error) {
    if (codeOf(error) === 'BLOB_UNKNOWN') return undefined
    throw error
  }
}

/** The digest that a tag leads to; undefined when it is not there. */
export async function resolve(
  registry: TestRegistry,
  repository: string,
  text: string,
): Promise<Digest | undefined> {
  try {
    const reference = { kind: 'tag', tag: tag(text) } as const
    return (await getManifest(registry.parts, name(repository), reference, mayNotPush)).digest
  } catch (error) {
    if (codeOf(error) === 'MANIFEST_UNKNOWN') return undefined
    throw error
  }
}

/** A manifest's bytes; undefined when it is not there. */
export async function pullManifest(
  registry: TestRegistry,
  repository: string,
  digest: Digest,
): Promise<Buffer | undefined> {
  try {
    const manifest = await getManifest(
      registry.parts,
      name(repository),
      { kind: 'digest', digest },
      mayNotPush,
    )
    return Buffer.from(await manifest.read())
  } catch (error) {
    if (codeOf(error) === 'MANIFEST_UNKNOWN') return undefined
    throw error
  }
}

/** The code of a RegistryError. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
