import { gzipSync } from 'node:zlib'
import { type Blob, digestOf, type Image } from '../fixtures/image.ts'
import { randomBytes } from '../fixtures/random.ts'
import { type TarFile, tar } from '../fixtures/tar.ts'

/** A line of a build: what the history says, and the files of its layer; without files it made none. */
export interface Step {
  createdBy: string
  files?: readonly TarFile[]
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const CONFIG = 'application/vnd.oci.image.config.v1+json'
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'

/** An image with a history as builders write it; the same steps give the same bytes. */
export function build(
  steps: readonly Step[],
  config: Readonly<Record<string, unknown>> = {},
  architecture = 'amd64',
): Image {
  const made = steps.flatMap(({ files }) => (files === undefined ? [] : [layerOf(files)]))
  const layers = made.map(({ layer }) => layer)
  const created = (index: number): string => new Date(Date.UTC(2026, 9, 1, 12, index)).toISOString()
  const configBlob = blob(
    JSON.stringify({
      created: created(steps.length),
      architecture,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: made.map(({ diffId }) => diffId) },
      history: steps.map(({ createdBy, files }, index) => ({
        created: created(index),
        created_by: createdBy,
        ...(files === undefined && { empty_layer: true }),
      })),
    }),
  )
  const manifest = blob(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: CONFIG, digest: configBlob.digest, size: configBlob.bytes.length },
      layers: layers.map(({ digest, bytes }) => ({ mediaType: LAYER, digest, size: bytes.length })),
    }),
  )
  return { layers, config: configBlob, manifest }
}

/** An artifact about another manifest. */
export function about(
  subject: Blob,
  artifactType: string,
  annotations: Readonly<Record<string, string>>,
): Image {
  const empty = blob('{}')
  const content = blob(`what ${artifactType} says of ${subject.digest}`)
  const descriptor = (mediaType: string, { digest, bytes }: Blob) => ({
    mediaType,
    digest,
    size: bytes.length,
  })
  const manifest = blob(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      artifactType,
      config: descriptor('application/vnd.oci.empty.v1+json', empty),
      layers: [descriptor(artifactType, content)],
      subject: descriptor(MANIFEST, subject),
      annotations,
    }),
  )
  return { layers: [content], config: empty, manifest }
}

/** Layers are made once: images share most of theirs. */
const known = new WeakMap<readonly TarFile[], { layer: Blob; diffId: string }>()

function layerOf(files: readonly TarFile[]): { layer: Blob; diffId: string } {
  const before = known.get(files)
  if (before !== undefined) return before
  const archive = tar(files)
  const made = { layer: blob(gzipSync(archive, { level: 1 })), diffId: digestOf(archive) }
  known.set(files, made)
  return made
}

/** A file of so many bytes that no compression makes smaller; the name and the version decide what is in it. */
export function file(name: string, size: number, version = ''): TarFile {
  return { name, body: randomBytes(`${name}${version}`, size) }
}

/** A text file. */
export function textFile(name: string, body: string): TarFile {
  return { name, body: Buffer.from(body) }
}

function blob(content: Buffer | string): Blob {
  const bytes = Buffer.from(content)
  return { digest: digestOf(bytes), bytes }
}

/** A link, hard or symbolic. */
export function link(name: string, kind: 'hard' | 'symbolic', to: string): TarFile {
  return { name, body: Buffer.alloc(0), link: { kind, to } }
}
