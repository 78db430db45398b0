import { expect, test } from 'vitest'
import { readersOf, wholeReadersOf, whyNotWhole } from './image-layers.ts'

const indexes = { read: () => Promise.resolve(undefined) }

function layers(count: number, entries = 1) {
  const state = {
    state: 'done' as const,
    at: 0,
    version: 1,
    compression: 'gzip' as const,
    unpacked: 0,
    entries,
    files: entries,
    bytes: 0,
    whiteouts: 0,
    warnings: [],
  }
  return Array.from({ length: count }, () => ({ sha256: undefined, state }))
}

test('files of more layers than any engine mounts are not laid over each other', async () => {
  await expect(readersOf(indexes, layers(501))).rejects.toMatchObject({ code: 'UNSUPPORTED', status: 422 })
  await expect(readersOf(indexes, layers(500))).resolves.toHaveLength(500)
})

test('layers of more than five million entries together are not read whole, and each place counts', async () => {
  await expect(wholeReadersOf(indexes, layers(100, 50_001))).rejects.toMatchObject({ status: 422 })
  await expect(wholeReadersOf(indexes, layers(100, 50_000))).resolves.toHaveLength(100)
  await expect(readersOf(indexes, layers(100, 50_001))).resolves.toHaveLength(100)
})

test('what is read for several images together counts together', () => {
  expect(whyNotWhole([layers(50, 50_000), layers(50, 50_000)])).toBeUndefined()
  expect(whyNotWhole([layers(50, 50_000), layers(51, 50_000)])).toContain('5050000 entries')
})
