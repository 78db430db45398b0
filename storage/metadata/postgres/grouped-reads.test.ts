import { describe, expect, it } from 'vitest'
import type { Stored } from '../metadata-store.ts'
import { GroupedReads } from './grouped-reads.ts'
import { keyText } from './key-order.ts'

const key = (text: string): Uint8Array => Buffer.from(text)

/** A database that answers a statement when `answer` is called; every key holds itself but those with an x. */
function database() {
  const asked: { keys: string[]; end: (failure?: Error) => void }[] = []
  const reads = new GroupedReads((keys) => {
    const { promise, resolve, reject } = Promise.withResolvers<ReadonlyMap<string, Stored>>()
    const texts = keys.map((one) => Buffer.from(one).toString())
    const there = keys.filter((one) => !Buffer.from(one).includes('x'))
    const found = new Map(there.map((value) => [keyText(value), { value, version: 1n }]))
    asked.push({ keys: texts, end: (failure) => (failure ? reject(failure) : resolve(found)) })
    return promise
  })
  const values = async (...texts: string[]): Promise<(string | undefined)[]> =>
    (await reads.read(texts.map(key))).map((stored) => stored && Buffer.from(stored.value).toString())
  return { asked, reads, values }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('reads that share statements', () => {
  it('are one statement when they come in one turn', async () => {
    const { asked, values } = database()
    const all = [values('a'), values('b', 'a')]
    expect(asked).toEqual([])
    await turn()
    expect(asked.map(({ keys }) => keys)).toEqual([['a', 'b']])
    asked[0]?.end()
    expect(await Promise.all(all)).toEqual([['a'], ['b', 'a']])
  })

  it('goes at once while few are under way, then together, each key once', async () => {
    const { asked, values } = database()
    const first: Promise<(string | undefined)[]>[] = []
    for (const texts of [['a'], ['b'], ['c', 'x']]) {
      first.push(values(...texts))
      await turn()
    }
    const later = [values('d', 'a'), values('a', 'ex'), values('d', 'd')]
    expect(asked.map(({ keys }) => keys)).toEqual([['a'], ['b'], ['c', 'x']])
    asked[1]?.end()
    expect(await first[1]).toEqual(['b'])
    await turn()
    expect(asked.slice(3).map(({ keys }) => keys)).toEqual([['d', 'a', 'ex']])
    for (const { end } of asked) end()
    expect(await Promise.all(first)).toEqual([['a'], ['b'], ['c', undefined]])
    expect(await Promise.all(later)).toEqual([
      ['d', 'a'],
      ['a', undefined],
      ['d', 'd'],
    ])
  })

  it('tells everyone of a failure, and goes on', async () => {
    const { asked, values } = database()
    const all: Promise<unknown>[] = []
    for (const text of ['a', 'b', 'c', 'd', 'e']) {
      all.push(values(text).catch((error: unknown) => error))
      if (text !== 'd') await turn()
    }
    asked[0]?.end(new Error('lost'))
    await turn()
    await turn()
    asked[3]?.end(new Error('lost too'))
    for (const { end } of asked) end()
    expect(await Promise.all(all)).toEqual([
      new Error('lost'),
      ['b'],
      ['c'],
      new Error('lost too'),
      new Error('lost too'),
    ])
    const next = values('f')
    await turn()
    asked.at(-1)?.end()
    expect(await next).toEqual(['f'])
  })

  it('asks for no more than a thousand keys at once, unless one read wants more', async () => {
    const { asked, reads } = database()
    const many = (count: number): Promise<unknown> =>
      reads.read(Array.from({ length: count }, (_, at) => key(`${count}-${at}`)))
    const all: Promise<unknown>[] = []
    for (const count of [1, 2, 3, 1500, 600, 300, 200]) {
      all.push(many(count))
      if (count < 1500) await turn()
    }
    for (let at = 0; at < 6; at++) {
      await turn()
      asked[at]?.end()
      await turn()
    }
    expect(asked.map(({ keys }) => keys.length)).toEqual([1, 2, 3, 1500, 900, 200])
    await Promise.all(all)
    expect(await reads.read([])).toEqual([])
  })
})
