import { createCipheriv, createHash } from 'node:crypto'

export const OCI_IMAGE = 'application/vnd.oci.image.manifest.v1+json'
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json'
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
export const OCI_EMPTY = 'application/vnd.oci.empty.v1+json'
export const DOCKER_IMAGE = 'application/vnd.docker.distribution.manifest.v2+json'
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json'
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip'

/** Digest of bytes, as `algorithm:hex`. */
function digestOf(bytes: Uint8Array, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}

/** Bytes with both of their digests. */
export interface Content {
  readonly bytes: Buffer
  readonly digest: string
  readonly sha512: string
  readonly size: number
}

export function content(bytes: Buffer): Content {
  return { bytes, digest: digestOf(bytes), sha512: digestOf(bytes, 'sha512'), size: bytes.length }
}

/** Incompressible bytes that are the same in every run for the same seed and size. */
export function blob(seed: string, size: number): Content {
  const key = createHash('md5').update(seed).digest()
  return content(createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size)))
}

export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly [field: string]: unknown
}

export function descriptor(
  mediaType: string,
  of: Pick<Content, 'digest' | 'size'>,
  more: object = {},
): Descriptor {
  return { mediaType, digest: of.digest, size: of.size, ...more }
}

/** A manifest as it is pushed: exact bytes and the Content-Type they go under. */
export interface Manifest extends Content {
  readonly mediaType: string
}

/** The manifest whose JSON is `value`, under the type that it names, or under `mediaType`. */
export function manifest(value: object, mediaType?: string): Manifest {
  const own: unknown = 'mediaType' in value ? value.mediaType : undefined
  const type = mediaType ?? (typeof own === 'string' ? own : OCI_IMAGE)
  return { ...content(Buffer.from(JSON.stringify(value, undefined, 1))), mediaType: type }
}

/** A manifest with the blobs that must be pushed before it. */
export interface Image extends Manifest {
  readonly blobs: readonly Content[]
}

/** A small OCI image: a config and layers of 200 bytes; `more` adds fields to the manifest or replaces them. */
export function image(seed: string, more: object = {}, layers = 1): Image {
  const config = content(
    Buffer.from(
      JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] }, seed }),
    ),
  )
  const bodies = Array.from({ length: layers }, (_, index) => blob(`${seed}/layer/${index}`, 200))
  const made = manifest({
    schemaVersion: 2,
    mediaType: OCI_IMAGE,
    config: descriptor(OCI_CONFIG, config),
    layers: bodies.map((body) => descriptor(OCI_LAYER, body)),
    ...more,
  })
  return { ...made, blobs: [config, ...bodies] }
}

/** An OCI index over `children`; `more` adds fields or replaces them. */
export function index(children: readonly Manifest[], more: object = {}): Image {
  const manifests = children.map((child) => descriptor(child.mediaType, child))
  return { ...manifest({ schemaVersion: 2, mediaType: OCI_INDEX, manifests, ...more }), blobs: [] }
}

/** The JSON object `{}` as a blob: the config of artifacts. */
export const EMPTY_JSON = content(Buffer.from('{}'))

/** An artifact about `subject`: an OCI image manifest with the empty config. */
export function artifact(artifactType: string, subject: Manifest, more: object = {}): Image {
  const made = manifest({
    schemaVersion: 2,
    mediaType: OCI_IMAGE,
    artifactType,
    config: descriptor(OCI_EMPTY, EMPTY_JSON),
    layers: [],
    subject: descriptor(subject.mediaType, subject),
    ...more,
  })
  return { ...made, blobs: [EMPTY_JSON] }
}
