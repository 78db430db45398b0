import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { type Digest, digestAlgorithm } from '../oci/digest.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { aliasCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { readContents } from './contents.ts'
import type { Image } from './image.ts'
import type { IndexReader } from './layer/index-reader.ts'
import { type LayerIndexes, type LayerState, recordIn } from './layer/layer-indexes.ts'
import { mapFew } from './map-few.ts'
import type { MayRead } from './parts.ts'
import { isReadable } from './sharing.ts'
import { repositoryId } from './tags.ts'

/** A layer of an image, by what names its content. */
export interface KnownLayer {
  /** Undefined when its bytes are not in the repository. */
  readonly sha256: Digest | undefined
  readonly state: LayerState
}

/** The layers of an image in order, with the state of their indexes. */
export async function knownLayers(
  metadata: MetadataStore,
  indexes: LayerIndexes,
  image: Image,
): Promise<KnownLayer[]> {
  const repo = await repositoryId(metadata, image.name)
  const digests = image.manifest.layers.flatMap(({ digest }) => digest ?? [])
  const contents = await readContents(metadata, repo, digests)
  const names = new Map(digests.map((digest, index) => [digest, contents[index]?.sha256]))
  const all = image.manifest.layers.map(({ digest }) => digest && names.get(digest))
  const here = [...new Set(all.filter((name) => name !== undefined))]
  const found = await indexes.states(here)
  const states = new Map(here.map((name, index) => [name, found[index]]))
  return all.map((sha256) => ({ sha256, state: (sha256 && states.get(sha256)) ?? { state: 'none' } }))
}

/** What a config says of a layer and the layer itself contradicts: docker fails to pull such an image. */
export function diffIdProblem(said: Digest | undefined, state: LayerState): string | undefined {
  const found = recordIn(state)?.diffId
  if (said === undefined || found === undefined || digestAlgorithm(said) !== 'sha256' || said === found)
    return undefined
  return `unpacks to ${found}, but the config says ${said}: clients refuse to pull this image`
}

/** Layers of an image up to which files are laid over each other. Engines mount 127 at most. */
const LAYERS = 500
/** Entries of the layers together up to which all of them are read: half a minute of a core. */
const ENTRIES = 5_000_000

/** Indexes of an image's layers; undefined for those that have none. Throws UNSUPPORTED when there are too many to lay over each other. */
export async function readersOf(
  indexes: Pick<LayerIndexes, 'read'>,
  layers: readonly KnownLayer[],
): Promise<(IndexReader | undefined)[]> {
  if (layers.length > LAYERS) throw tooMuch(tooManyLayers(layers))
  return mapFew(layers, ({ state }) => indexes.read(state))
}

/** The same for who reads all of them. Throws UNSUPPORTED also when they have more entries than are read at once. */
export async function wholeReadersOf(
  indexes: Pick<LayerIndexes, 'read'>,
  layers: readonly KnownLayer[],
): Promise<(IndexReader | undefined)[]> {
  const reason = whyNotWhole([layers])
  if (reason !== undefined) throw tooMuch(reason)
  return readersOf(indexes, layers)
}

/** Why the files of some images are not all read for one answer; undefined: they are. */
export function whyNotWhole(images: readonly (readonly KnownLayer[])[]): string | undefined {
  const long = images.find(({ length }) => length > LAYERS)
  if (long !== undefined) return tooManyLayers(long)
  const entries = images.flat().reduce((sum, { state }) => sum + (recordIn(state)?.entries ?? 0), 0)
  return entries > ENTRIES
    ? `its layers have ${entries} entries together, and no more than ${ENTRIES} are read at once`
    : undefined
}

function tooManyLayers({ length }: readonly KnownLayer[]): string {
  return `it has ${length} layers, and files are laid over each other of ${LAYERS} at most: no engine mounts so many`
}

function tooMuch(reason: string): RegistryError {
  return new RegistryError('UNSUPPORTED', {
    status: 422,
    message: `the files of this image are not listed: ${reason}; look into its layers one by one`,
  })
}

/** The content that a layer's digest names, if the caller may pull it from anywhere. Throws BLOB_UNKNOWN. */
export async function readableLayer(
  metadata: MetadataStore,
  digest: Digest,
  mayRead: MayRead,
): Promise<Digest> {
  const sha256 = await contentOf(metadata, digest)
  if (sha256 !== undefined && (await isReadable(metadata, sha256, mayRead))) return sha256
  throw new RegistryError('BLOB_UNKNOWN', {
    message: `there is no layer ${digest} in a repository that you may pull from`,
    detail: { digest },
  })
}

async function contentOf(metadata: MetadataStore, digest: Digest): Promise<Digest | undefined> {
  if (digestAlgorithm(digest) === 'sha256') return digest
  const [alias] = await metadata.read([keys.alias(digest)])
  return alias && aliasCodec.decode(alias.value).sha256
}
