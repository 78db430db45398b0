import { beforeEach, expect, test } from 'vitest'
import type { KnownLayer } from '../../inspect/image-layers.ts'
import type { IndexReader } from '../../inspect/layer/index-reader.ts'
import { indexBytes } from '../../inspect/layer/layer-fixture.ts'
import { archive, member } from '../../inspect/tar/tar-fixture.ts'
import { type KnownFiles, rememberFiles } from './known-files.ts'

const { reader } = await indexBytes(
  archive(member({ name: 'app/key.pem' }, 'secret'), member({ name: 'app/main.js' }, 'code')),
)
const layers: KnownLayer[] = [{ sha256: undefined, state: { state: 'none' } }]
const image = { layers, key: 'sha256:aa 1' }
const indexedAgain = { layers, key: 'sha256:aa 2' }

let reads = 0
let failing = false
let files: KnownFiles
beforeEach(() => {
  reads = 0
  failing = false
  files = rememberFiles({ read })
})

function read(): Promise<IndexReader> {
  reads += 1
  return failing ? Promise.reject(new Error('the store is away')) : Promise.resolve(reader)
}

test('who asks for the waste of an image again, or at the same time, has no index read', async () => {
  const [one, two] = await Promise.all([files.wasteOf(image), files.wasteOf(image)])
  expect([one, await files.wasteOf(image)]).toEqual([two, two])
  expect([one.shipped, reads]).toEqual([10, 1])
  await files.wasteOf(indexedAgain)
  expect(reads).toBe(2)
})

test('what patterns forbid is remembered for these patterns of this image alone', async () => {
  const ask = (patterns: readonly string[], of = image) => files.forbiddenIn(of, patterns)
  expect(await ask(['*.pem'])).toEqual([{ pattern: '*.pem', path: 'app/key.pem' }])
  expect(await ask(['*.pem'])).toHaveLength(1)
  expect(reads).toBe(1)
  expect(await ask(['*.js', '*.pem'])).toHaveLength(2)
  expect(await ask(['*.js,*.pem'])).toEqual([])
  await ask(['*.pem'], indexedAgain)
  expect(reads).toBe(4)
})

test('a failure is not remembered', async () => {
  failing = true
  await expect(files.wasteOf(image)).rejects.toThrow('away')
  failing = false
  expect((await files.wasteOf(image)).shipped).toBe(10)
})

test('of very many questions the oldest are forgotten', async () => {
  for (let at = 0; at < 100; at++) await files.forbiddenIn(image, [`pattern-${at}`])
  await files.forbiddenIn(image, ['pattern-0'])
  expect(reads).toBe(101)
})
