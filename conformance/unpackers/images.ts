import { gzipSync } from 'node:zlib'
import { type Blob, digestOf, type Image } from '../fixtures/image.ts'
import { archiveOf } from '../fixtures/members.ts'
import { ITEMS, type Item } from './items.ts'
import { isRefusedPair, REFUSED } from './known.ts'

/** An image to be unpacked, with its layers as they were before compression. */
export interface MadeImage {
  readonly name: string
  readonly tag: string
  readonly archives: readonly Buffer[]
  readonly image: Image
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const CONFIG = 'application/vnd.oci.image.config.v1+json'
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'

/** Items that no one of these programs refuses. */
function taken(programs: readonly string[]): [string, Item][] {
  return Object.entries(ITEMS).filter(
    ([name]) => !REFUSED.some(({ by, item }) => item === name && programs.includes(by)),
  )
}

/** One item alone. */
export function single(name: string): MadeImage {
  const item = ITEMS[name]
  if (item === undefined) throw new Error(`there is no item '${name}'`)
  return imageOf(name, `only-${name.replaceAll(/[^a-z]+/g, '-')}`, [item('only')])
}

/** Every item of which a program unpacks, each in a directory of its own. */
export function alone(program: string): MadeImage {
  const items = taken([program]).map(([, item], at) => item(`one-${at}`))
  return imageOf('every oddity alone', `alone-${program}`, items)
}

/** The items of one layer, for a program that knows no layers. */
export function oneLayer(program: string): MadeImage {
  const items = taken([program])
    .map(([, item], at) => item(`one-${at}`))
    .filter(({ length }) => length === 1)
  return imageOf('every oddity of one layer', `layer-${program}`, items)
}

/** Every item over every other one, in the same directory: the layers of the second follow those of the first. */
export function inPairs(programs: readonly string[]): MadeImage {
  const all = taken(programs)
  const pairs = all.flatMap(([low, below], one) =>
    all.flatMap(([high, above], two) => {
      const at = `pair-${one}-${two}`
      return isRefusedPair(low, high) ? [] : [[...below(at), ...above(at)]]
    }),
  )
  return imageOf('every oddity upon every other', 'pairs', pairs)
}

/** Items side by side: the first layer of each is in the first layer, and so on. */
function imageOf(name: string, tag: string, items: readonly (readonly (readonly Buffer[])[])[]): MadeImage {
  const depth = items.reduce((most, { length }) => Math.max(most, length), 0)
  const archives = Array.from({ length: depth }, (_, layer) =>
    archiveOf(items.flatMap((item) => item[layer] ?? [])),
  )
  return { name, tag, archives, image: pack(archives) }
}

function pack(archives: readonly Buffer[]): Image {
  const layers = archives.map((bytes) => blob(gzipSync(bytes)))
  const config = blob(
    Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        rootfs: { type: 'layers', diff_ids: archives.map(digestOf) },
      }),
    ),
  )
  const described = (mediaType: string, { digest, bytes }: Blob) => ({
    mediaType,
    digest,
    size: bytes.length,
  })
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: described(CONFIG, config),
    layers: layers.map((layer) => described(LAYER, layer)),
  }
  return { layers, config, manifest: blob(Buffer.from(JSON.stringify(manifest))) }
}

function blob(bytes: Buffer): Blob {
  return { digest: digestOf(bytes), bytes }
}
