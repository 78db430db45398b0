import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { indexBytes } from './layer/layer-fixture.ts'
import { mergedDirectory } from './merged-tree.ts'
import { archive, member } from './tar/tar-fixture.ts'
import { walkImage } from './walk-image.ts'

const MANY = 6000

async function manyFiles() {
  const files = Array.from({ length: MANY }, (_, number) => member({ name: `d/file-${number}` }))
  return (await indexBytes(archive(...files))).reader
}

/** What `work` gives, and how often others had a turn of the event loop meanwhile. */
async function turnsDuring(work: () => Promise<number>) {
  let [turns, over] = [0, false]
  const another = () => {
    if (over) return
    turns += 1
    setImmediate(another)
  }
  setImmediate(another)
  const count = await work()
  over = true
  return { turns, count }
}

async function countOf(all: AsyncIterable<unknown> | undefined): Promise<number> {
  let count = 0
  for await (const _ of all ?? []) count += 1
  return count
}

test('others have a turn while the files of an image are walked, also when all of them are remembered', async () => {
  const layers = [await manyFiles()]
  await countOf(walkImage(layers))
  const { turns, count } = await turnsDuring(() => countOf(walkImage(layers)))
  expect(count).toBe(MANY + 1)
  expect(turns).toBeGreaterThanOrEqual(3)
})

test('others have a turn while a directory of very many names is merged', async () => {
  const layers = [await manyFiles()]
  const all = async () => countOf(await mergedDirectory({ layers, path: 'd', from: '' }))
  await all()
  const { turns, count } = await turnsDuring(all)
  expect(count).toBe(MANY)
  expect(turns).toBeGreaterThanOrEqual(3)
})

test('of a path that every layer ships the last is to be seen, and those before it are not', async () => {
  const one = (await indexBytes(archive(member({ name: 'a' })))).reader
  for await (const { versions } of walkImage(Array.from({ length: 300 }, () => one))) {
    expect(versions).toHaveLength(300)
    expect(versions.flatMap(({ layer, visible }) => (visible ? layer : []))).toEqual([299])
  }
})

const file = (name: string) => member({ name }, 'x')

test('of all that layers ship under a path, the last that nothing hides is to be seen', async () => {
  const layers = [
    archive(file('a'), file('b')),
    archive(file('a'), file('.wh.b')),
    archive(file('a')),
    archive(file('b')),
  ]
  const indexed = await Promise.all(layers.map((bytes) => indexBytes(bytes)))
  const found: unknown[] = []
  for await (const { name, entry, versions } of walkImage(indexed.map(({ reader }) => reader)))
    found.push([name, entry !== undefined, versions.map(({ layer, visible }) => [layer, visible])])
  expect(found).toEqual([
    [
      'a',
      true,
      [
        [0, false],
        [1, false],
        [2, true],
      ],
    ],
    [
      'b',
      true,
      [
        [0, false],
        [3, true],
      ],
    ],
  ])
})

test('one layer that is there hundreds of times holds nobody up', async () => {
  const names = Array.from({ length: 200 }, (_, index) => file(`f${index}`))
  const { reader } = await indexBytes(archive(...names))
  const order: string[] = []
  const walking = (async () => {
    let last = 0
    for await (const { versions } of walkImage(Array.from({ length: 500 }, () => reader)))
      last = versions.filter(({ visible }) => visible).length
    order.push('walked')
    return last
  })()
  for (let count = 0; count < 5; count += 1) await turn()
  order.push('others')
  expect(await walking).toBe(1)
  expect(order).toEqual(['others', 'walked'])
})
