import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type TarFile, tar } from '../../fixtures/tar.ts'
import {
  blob,
  type Content,
  content,
  descriptor,
  type Image,
  manifest,
  OCI_CONFIG,
  OCI_IMAGE,
  OCI_INDEX,
} from './images.ts'

/** A small real image: layers are archives, and the configuration says what they are unpacked. */
export interface BuiltImage extends Image {
  /** As `docker save` has them. */
  readonly plainLayers: readonly Content[]
  readonly config: Content
}

const PLAIN = 'application/vnd.oci.image.layer.v1.tar'

/** An image of layers that each hold one file; `gzip`: as it is pushed by most, else as docker saves it. */
export function builtImage(
  seed: string,
  layers: readonly string[],
  gzip = true,
  architecture = 'amd64',
): BuiltImage {
  const plainLayers = layers.map((name) => content(tar([{ name, body: blob(name, 700).bytes }])))
  const config = content(
    Buffer.from(
      JSON.stringify({
        architecture,
        os: 'linux',
        config: { Cmd: [seed] },
        rootfs: { type: 'layers', diff_ids: plainLayers.map(({ digest }) => digest) },
      }),
    ),
  )
  const pushed = gzip ? plainLayers.map(({ bytes }) => content(gzipSync(bytes))) : plainLayers
  const made = manifest({
    schemaVersion: 2,
    mediaType: OCI_IMAGE,
    config: descriptor(OCI_CONFIG, config),
    layers: pushed.map((layer) => descriptor(gzip ? `${PLAIN}+gzip` : PLAIN, layer)),
  })
  return { ...made, blobs: [config, ...pushed], plainLayers, config }
}

function json(name: string, value: unknown): TarFile {
  return { name, body: Buffer.from(JSON.stringify(value)) }
}

function blobFile({ digest, bytes }: Pick<Content, 'digest' | 'bytes'>): TarFile {
  return { name: `blobs/${digest.replace(':', '/')}`, body: bytes }
}

/** Files of an OCI layout, `index.json` first as docker writes it. */
export function layoutFiles(
  named: readonly { readonly image: Content & { mediaType: string }; readonly name?: string }[],
  more: readonly Content[],
): TarFile[] {
  const index = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: named.map(({ image, name }) =>
      descriptor(
        image.mediaType,
        image,
        name === undefined ? {} : { annotations: { 'org.opencontainers.image.ref.name': name } },
      ),
    ),
  }
  return [
    json('oci-layout', { imageLayoutVersion: '1.0.0' }),
    json('index.json', index),
    ...[...named.map(({ image }) => image), ...more].map(blobFile),
  ]
}

/** Files of a docker archive as docker up to 24 writes it: a folder for each layer, what old clients read, the list last. */
export function dockerFiles(image: BuiltImage, tags: readonly string[]): TarFile[] {
  const hex = (of: Content) => of.digest.slice('sha256:'.length)
  const folders = image.plainLayers.map((_, at) => createHash('sha256').update(`folder ${at}`).digest('hex'))
  return [
    ...image.plainLayers.flatMap((layer, at) => [
      { name: `${folders[at]}/VERSION`, body: Buffer.from('1.0') },
      json(`${folders[at]}/json`, { id: folders[at] }),
      { name: `${folders[at]}/layer.tar`, body: layer.bytes },
    ]),
    { name: `${hex(image.config)}.json`, body: image.config.bytes },
    json('manifest.json', [
      {
        Config: `${hex(image.config)}.json`,
        RepoTags: tags,
        Layers: folders.map((folder) => `${folder}/layer.tar`),
      },
    ]),
    json('repositories', {}),
  ]
}

/** Files of a docker archive as podman and crane write it: named after their digests. */
export function flatDockerFiles(image: BuiltImage): TarFile[] {
  const hex = (of: Content) => of.digest.slice('sha256:'.length)
  const config = { name: `${hex(image.config)}.json`, body: image.config.bytes }
  const layers = image.plainLayers.map((layer) => ({ name: `${hex(layer)}.tar`, body: layer.bytes }))
  const list = [{ Config: config.name, RepoTags: [], Layers: layers.map(({ name }) => name) }]
  return [...layers, config, json('manifest.json', list)]
}

/** A file in a form, as `curl -F file=@archive.tar` sends it. */
export function formOf(bytes: Buffer): { readonly type: string; readonly body: Buffer } {
  const head =
    '--boundary\r\nContent-Disposition: form-data; name="file"; filename="a.tar"\r\nContent-Type: application/octet-stream\r\n\r\n'
  return {
    type: 'multipart/form-data; boundary=boundary',
    body: Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n--boundary--\r\n')]),
  }
}

/** One header of an archive with a type of its own, for what `tar` of fixtures does not write. */
export function oddEntry(name: string, type: string, linkname = '', size = 0): Buffer {
  const block = tar([{ name: 'x', body: Buffer.alloc(0) }]).subarray(0, 512)
  block.fill(0, 0, 100)
  block.write(name, 0)
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  block.write(type, 156)
  block.write(linkname, 157)
  block.write('        ', 148)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}
