import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { indexBytes } from './layer/layer-fixture.ts'
import { mergedDirectory } from './merged-tree.ts'
import { archive, member } from './tar/tar-fixture.ts'

test('a directory that hundreds of layers of an image write holds nobody up', async () => {
  const names = Array.from({ length: 100 }, (_, index) => member({ name: `d/f${index}` }, 'x'))
  const { reader } = await indexBytes(archive(...names))
  const layers = Array.from({ length: 500 }, () => reader)
  let turns = 0
  const over = new AbortController()
  const others = (async () => {
    for (; !over.signal.aborted; turns += 1) await setImmediate()
  })()
  const found: number[] = []
  const directory = await mergedDirectory({ layers, path: 'd', from: '' })
  for await (const { layer } of directory ?? []) found.push(layer)
  over.abort()
  await others
  expect(found).toEqual(names.map(() => 499))
  // Of a millisecond each: how many there are depends on the machine.
  expect(turns).toBeGreaterThanOrEqual(3)
})
