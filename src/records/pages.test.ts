import { expect, test } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import { pagesOf } from './pages.ts'

const key = (text: string): Uint8Array => Buffer.from(text)
const textOf = ({ key: bytes }: { readonly key: Uint8Array }): string => Buffer.from(bytes).toString()

async function storeOf(...texts: readonly string[]) {
  const store = await openMemoryMetadataStore()
  await store.commit({
    checks: [],
    sets: texts.map((text) => ({ key: key(text), value: key('value') })),
    deletes: [],
  })
  return store
}

async function pagesIn(store: Awaited<ReturnType<typeof storeOf>>, limit: number, after?: string) {
  const under = { prefix: key('b'), after: after === undefined ? undefined : key(after), limit }
  const pages: string[][] = []
  for await (const page of pagesOf(store, under)) pages.push(page.map(textOf))
  return pages
}

test('every record under the prefix comes once, in order, whatever fits into a page', async () => {
  const store = await storeOf('a', 'b', 'b1', 'b2', 'b3', 'c')
  expect(await pagesIn(store, 1)).toEqual([['b'], ['b1'], ['b2'], ['b3']])
  expect(await pagesIn(store, 3)).toEqual([['b', 'b1', 'b2'], ['b3']])
  expect(await pagesIn(store, 4)).toEqual([['b', 'b1', 'b2', 'b3']])
  expect(await pagesIn(store, 5)).toEqual([['b', 'b1', 'b2', 'b3']])
})

test('none comes from an empty range', async () => {
  expect(await pagesIn(await storeOf('a', 'c'), 2)).toEqual([])
})

test('what `after` names, and what is before it, is left out', async () => {
  const store = await storeOf('b1', 'b2', 'b3')
  expect(await pagesIn(store, 2, 'b1')).toEqual([['b2', 'b3']])
  expect(await pagesIn(store, 2, 'b1x')).toEqual([['b2', 'b3']])
  expect(await pagesIn(store, 2, 'b3')).toEqual([])
})

test('the next page is read when it is asked for', async () => {
  const store = await storeOf('b1')
  const seen: string[][] = []
  for await (const page of pagesOf(store, { prefix: key('b'), limit: 1 })) {
    seen.push(page.map(textOf))
    await store.commit({ checks: [], sets: [{ key: key('b2'), value: key('value') }], deletes: [] })
  }
  expect(seen).toEqual([['b1'], ['b2']])
})
