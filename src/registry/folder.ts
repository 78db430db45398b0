import type { Entry, MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { ShortTurns } from '../../storage/short-turns.ts'
import type { Digest } from '../oci/digest.ts'
import { type ParsedManifest, parseManifest } from '../oci/manifest.ts'
import { projectOf, type RepositoryName } from '../oci/name.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { bodyCodec, type ManifestRecord, manifestCodec } from '../records/manifest.ts'
import { pagesOf } from '../records/pages.ts'
import { readContentKey, readTaggedKey } from '../records/read-key.ts'
import { findRepository, repositoriesOf } from './repositories.ts'

/** What a list beside the tags may hold: more is not gathered, since every client that lists tags pays for it. */
const MOST_MANIFESTS = 1000
const MOST_TAGS = 10_000
const MOST_BELOW = 2000
/** Bytes of all manifests together, and entries of them: some have megabytes, and thousands of layers. */
const MOST_BYTES = 16 << 20
const MOST_ENTRIES = 20_000
/** Records of one read, which is one turn of the event loop. */
const PAGE = 250
/** Bytes of bodies that are read in one go: each may have 64 KiB, and many lists are made at the same time. */
const BODY_BYTES = 1 << 20

/** A manifest as a folder lists it. Times are milliseconds since 1970. */
export interface ListedManifest {
  readonly digest: Digest
  readonly mediaType: string
  /** Bytes of what it refers to. */
  readonly imageSize: number
  /** When it says that it was made (`org.opencontainers.image.created`); 0 when it does not say. */
  readonly created: number
  readonly uploaded: number
  readonly tags: readonly string[]
}

/** What lies in a name: folders below it, and the manifests of the repository there, if there is one. */
export interface Folder {
  /** Next parts of the names below, in byte order. */
  readonly children: readonly string[]
  /** Undefined: no repository is there. */
  readonly manifests: readonly ListedManifest[] | undefined
}

/** What lies in `name`; undefined when it is more than a client should be given in one piece. */
export async function listFolder(metadata: MetadataStore, name: RepositoryName): Promise<Folder | undefined> {
  const children = await childrenOf(metadata, name)
  if (children === undefined) return undefined
  const repository = await findRepository(metadata, name)
  if (repository === undefined) return { children, manifests: undefined }
  const manifests = await manifestsOf(metadata, repository.id)
  return manifests && { children, manifests }
}

async function childrenOf(metadata: MetadataStore, name: RepositoryName): Promise<string[] | undefined> {
  const below = `${name}/`
  const children = new Set<string>()
  let seen = 0
  for await (const other of repositoriesOf(metadata, projectOf(name), name)) {
    seen += 1
    if (seen > MOST_BELOW) return undefined
    if (other === undefined) continue
    if (other.startsWith(below)) children.add(other.slice(below.length).split('/', 1)[0] ?? '')
    // Names that go on with what sorts before a slash come first; behind the last one below, none is.
    else if (other > below) break
  }
  return [...children].sort()
}

async function manifestsOf(
  metadata: MetadataStore,
  repo: RepositoryId,
): Promise<ListedManifest[] | undefined> {
  const tags = await tagsByManifest(metadata, repo)
  if (tags === undefined) return undefined
  const listed: ListedManifest[] = []
  let [bytes, entries] = [0, 0]
  for await (const page of pagesOf(metadata, { prefix: keys.manifests(repo), limit: PAGE })) {
    for (const { value } of page) {
      const { size, children } = manifestCodec.decode(value)
      bytes += size
      entries += children.length
      if (bytes > MOST_BYTES || entries > MOST_ENTRIES) return undefined
    }
    if (listed.length + page.length > MOST_MANIFESTS) return undefined
    for (let at = 0; at < page.length; ) {
      const some = await describeFirst(metadata, repo, page.slice(at))
      listed.push(...some.map((one) => ({ ...one, tags: tags.get(one.digest) ?? [] })))
      at += some.length
    }
  }
  return listed
}

/** Undefined: there are too many. */
async function tagsByManifest(
  metadata: MetadataStore,
  repo: RepositoryId,
): Promise<Map<Digest, string[]> | undefined> {
  const tags = new Map<Digest, string[]>()
  let count = 0
  for await (const page of pagesOf(metadata, { prefix: keys.allIn(repo, 'tagged'), limit: PAGE })) {
    count += page.length
    if (count > MOST_TAGS) return undefined
    for (const { key } of page) {
      const { digest, tag } = readTaggedKey(key)
      const own = tags.get(digest) ?? []
      own.push(tag)
      tags.set(digest, own)
    }
  }
  return tags
}

/** The first of them, one at least. */
async function describeFirst(
  metadata: MetadataStore,
  repo: RepositoryId,
  entries: readonly Entry[],
): Promise<Omit<ListedManifest, 'tags'>[]> {
  const digests = entries.map(({ key }) => readContentKey(key).digest)
  const bodies = await metadata.read(
    digests.map((digest) => keys.body(repo, digest)),
    BODY_BYTES,
  )
  const turns = new ShortTurns({ isUrgent: true })
  const described: Omit<ListedManifest, 'tags'>[] = []
  for (const [at, { key, value }] of entries.slice(0, bodies.length).entries()) {
    const body = bodies[at] && bodyCodec.decode(bodies[at].value)
    const inline = body?.kind === 'inline' ? body.bytes : undefined
    described.push({ digest: readContentKey(key).digest, ...describe(manifestCodec.decode(value), inline) })
    if (turns.isOver) await turns.rest()
  }
  return described
}

/** Of a manifest of hundreds of kilobytes only its own size counts: it is not read for a list. */
function describe(
  record: ManifestRecord,
  bytes: Uint8Array | undefined,
): Omit<ListedManifest, 'digest' | 'tags'> {
  const { mediaType, size, created: uploaded } = record
  const manifest = bytes && parseManifest(bytes, mediaType)
  if (manifest === undefined || typeof manifest === 'string')
    return { mediaType, uploaded, imageSize: size, created: 0 }
  const said = Date.parse(manifest.annotations?.['org.opencontainers.image.created'] ?? '')
  return { mediaType, uploaded, imageSize: sizeOf(manifest), created: Number.isNaN(said) ? 0 : said }
}

function sizeOf({ config, layers, manifests }: ParsedManifest): number {
  return [...(config ? [config] : []), ...layers, ...manifests].reduce((sum, { size }) => sum + size, 0)
}
