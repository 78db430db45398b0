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

describe('reads that share statements', () => {
  it('goes at once while few are under way, then together, each key once', async () => {
    const { asked, values } = database()
    const first = [values('a'), values('b'), values('c', 'x')]
    const later = [values('d', 'a'), values('a', 'ex'), values('d', 'd')]
    expect(asked.map(({ keys }) => keys)).toEqual([['a'], ['b'], ['c', 'x']])
    asked[1]?.end()
    expect(await first[1]).toEqual(['b'])
    await new Promise(setImmediate)
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
    const all = ['a', 'b', 'c', 'd', 'e'].map((text) => values(text).catch((error: unknown) => error))
    asked[0]?.end(new Error('lost'))
    await new Promise(setImmediate)
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
    asked.at(-1)?.end()
    expect(await next).toEqual(['f'])
  })

  it('asks for no more than a thousand keys at once, unless one read wants more', async () => {
    const { asked, reads } = database()
    const many = (count: number): Promise<unknown> =>
      reads.read(Array.from({ length: count }, (_, at) => key(`${count}-${at}`)))
    const all = [1, 2, 3, 1500, 600, 300, 200].map(many)
    for (let at = 0; at < 6; at++) {
      asked[at]?.end()
      await new Promise(setImmediate)
    }
    expect(asked.map(({ keys }) => keys.length)).toEqual([1, 2, 3, 1500, 900, 200])
    await Promise.all(all)
    expect(await reads.read([])).toEqual([])
  })
})
