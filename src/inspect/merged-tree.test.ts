import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { indexBytes } from './layer/layer-fixture.ts'
import { mergedDirectory } from './merged-tree.ts'
import { archive, member } from './tar/tar-fixture.ts'

test('a directory that hundreds of layers of an image write holds nobody up', async () => {
  const names = Array.from({ length: 100 }, (_, index) => member({ name: `d/f${index}` }, 'x'))
  const { reader } = await indexBytes(archive(...names))
  const layers = Array.from({ length: 500 }, () => reader)
  const order: string[] = []
  const reading = (async () => {
    const found: number[] = []
    const directory = await mergedDirectory({ layers, path: 'd', from: '' })
    for await (const { layer } of directory ?? []) found.push(layer)
    order.push('read')
    return found
  })()
  for (let turn = 0; turn < 5; turn += 1) await setImmediate()
  order.push('others')
  expect(await reading).toEqual(names.map(() => 499))
  expect(order).toEqual(['others', 'read'])
})
