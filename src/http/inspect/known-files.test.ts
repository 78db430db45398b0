import { beforeEach, expect, test } from 'vitest'
import { ANONYMOUS } from '../../auth/identity.ts'
import type { KnownLayer } from '../../inspect/image-layers.ts'
import type { IndexReader } from '../../inspect/layer/index-reader.ts'
import { indexBytes } from '../../inspect/layer/layer-fixture.ts'
import { archive, member } from '../../inspect/tar/tar-fixture.ts'
import { type KnownFiles, rememberFiles } from './known-files.ts'

const { reader } = await indexBytes(
  archive(member({ name: 'app/key.pem' }, 'secret'), member({ name: 'app/main.js' }, 'code')),
)
const asker = { caller: ANONYMOUS, address: '::1' }
const layers: KnownLayer[] = [{ sha256: undefined, state: { state: 'none' } }]
const image = { layers, key: 'sha256:aa 1' }
const indexedAgain = { layers, key: 'sha256:aa 2' }

let reads = 0
let files: KnownFiles
beforeEach(() => {
  reads = 0
  files = rememberFiles({ indexes: { read }, wholeReads: (_, whole) => whole() })
})

function read(): Promise<IndexReader> {
  reads += 1
  return Promise.resolve(reader)
}

test('who asks for the waste of an image again, or at the same time, has no index read', async () => {
  const [one, two] = await Promise.all([files.wasteOf(asker, image), files.wasteOf(asker, image)])
  expect([one, await files.wasteOf(asker, image)]).toEqual([two, two])
  expect([one.shipped, reads]).toEqual([10, 1])
  await files.wasteOf(asker, indexedAgain)
  expect(reads).toBe(2)
})

test('what patterns forbid is remembered for these patterns of this image alone', async () => {
  const ask = (patterns: readonly string[], of = image) => files.forbiddenIn(asker, of, patterns)
  expect(await ask(['*.pem'])).toEqual([{ pattern: '*.pem', path: 'app/key.pem' }])
  expect(await ask(['*.pem'])).toHaveLength(1)
  expect(reads).toBe(1)
  expect(await ask(['*.js', '*.pem'])).toHaveLength(2)
  expect(await ask(['*.js,*.pem'])).toEqual([])
  await ask(['*.pem'], indexedAgain)
  expect(reads).toBe(4)
})
