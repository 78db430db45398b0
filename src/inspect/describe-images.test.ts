import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import { blobCodec, linkCodec } from '../records/blob.ts'
import { digestField } from '../records/fields.ts'
import { keys } from '../records/keys.ts'
import { manifestCodec } from '../records/manifest.ts'
import { describeImages } from './describe-images.ts'

const REPO = '0000000000000001'
const MEGABYTE = 1 << 20

let metadata: MetadataStore
let trips = 0
let mostBytes = 0

beforeEach(async () => {
  const store = await openMemoryMetadataStore()
  const read = store.read.bind(store)
  ;[trips, mostBytes] = [0, 0]
  store.read = async (...of) => {
    trips += 1
    const found = await read(...of)
    mostBytes = Math.max(
      mostBytes,
      found.reduce((sum, stored) => sum + (stored?.value.length ?? 0), 0),
    )
    return found
  }
  metadata = store
})

const named = (name: string): Digest =>
  digestField.parse(`sha256:${createHash('sha256').update(name).digest('hex')}`)

/** A manifest of 100 bytes that refers to what is named. */
function manifest(name: string, children: readonly string[], title = '') {
  const record = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    size: 100,
    children: children.map(named),
    annotations: { title },
    created: 1,
    by: 'test',
    confirmed: 1,
  }
  return { key: keys.manifest(REPO, named(name)), value: manifestCodec.encode(record) }
}

/** A blob of 10 bytes that may be read in the repository. */
function blob(name: string) {
  const record = { size: 10, location: name, created: 1 }
  return [
    { key: keys.blob(named(name)), value: blobCodec.encode(record) },
    {
      key: keys.link(REPO, named(name)),
      value: linkCodec.encode({ sha256: named(name), confirmed: 1 }),
    },
  ]
}

async function sizesOf(names: readonly string[]): Promise<(number | undefined)[]> {
  const found = await describeImages(metadata, REPO, names.map(named), (work) => work())
  return names.map((name) => found.get(named(name))?.size)
}

describe('images of a page', () => {
  it('have their size in a few trips to the store, however many they are', async () => {
    const names = Array.from({ length: 100 }, (_, at) => `image${at}`)
    const images = names.map((name) => manifest(name, ['base', `own ${name}`]))
    const blobs = ['base', ...names.map((name) => `own ${name}`)].flatMap(blob)
    await metadata.commit({ checks: [], sets: [...images, ...blobs], deletes: [] })
    expect(await sizesOf(names)).toEqual(names.map(() => 120))
    expect(trips).toBeLessThanOrEqual(5)
  })

  it('count each content once, of an index that of its images, and nothing of what is not here', async () => {
    const sets = [
      manifest('index', ['one', 'two', 'gone']),
      manifest('one', ['base', 'a', 'a']),
      manifest('two', ['base', 'b', 'lost']),
      ...['base', 'a', 'b'].flatMap(blob),
    ]
    await metadata.commit({ checks: [], sets, deletes: [] })
    expect(await sizesOf(['two', 'index', 'gone', 'one'])).toEqual([120, 330, undefined, 120])
  })

  it('whose records are large are read a few at a time', async () => {
    const names = Array.from({ length: 30 }, (_, at) => `image${at}`)
    for (const name of names) {
      const sets = [manifest(name, ['base'], 'x'.repeat(MEGABYTE)), ...blob('base')]
      await metadata.commit({ checks: [], sets, deletes: [] })
    }
    expect(await sizesOf(names)).toEqual(names.map(() => 110))
    expect(mostBytes).toBeLessThan(8 * MEGABYTE)
  })
})
