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
