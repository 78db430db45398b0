import { expect, test } from 'vitest'
import type { IndexEntry } from '../layer/index-entry.ts'
import { indexBytes } from '../layer/layer-fixture.ts'
import { archive, member } from '../tar/tar-fixture.ts'
import { packagesOf } from './packages.ts'

const MIB = 1024 * 1024

async function layerOf(lists: readonly Buffer[]) {
  const files = lists.map((list, at) => member({ name: `var/lib/dpkg/status.d/${at}` }, list))
  return (await indexBytes(archive(...files))).reader
}

test('lists of one layer are held 32 MiB at a time', async () => {
  const layer = await layerOf(Array.from({ length: 3 }, () => Buffer.alloc(12 * MIB)))
  const held: number[] = []
  const read = (_: number, files: readonly IndexEntry[]) => {
    held.push(files.reduce((sum, { size }) => sum + size, 0))
    return Promise.resolve(files.map(() => Buffer.alloc(0)))
  }
  await packagesOf([layer], read)
  expect(held).toEqual([24 * MIB, 12 * MIB])
})
