import { array, assert, asyncProperty, nat, option, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextLink, takePage } from './pages.ts'

/** Any UTF-16 code unit: fast-check's own `binary` takes a second to prepare. */
const anyUnit = nat(0xffff).map((code) => String.fromCharCode(code))

const CAP = 3.5 * 1024 * 1024

/** Counts how many items were taken out of it. */
function source<Item>(items: readonly Item[]): {
  items: AsyncGenerator<Item>
  taken: () => number
  closed: () => boolean
} {
  let taken = 0
  let closed = false
  return {
    items: (async function* () {
      try {
        for (const item of items) {
          taken += 1
          yield await Promise.resolve(item)
        }
      } finally {
        closed = true
      }
    })(),
    taken: () => taken,
    closed: () => closed,
  }
}

const whenLong = <Result>(rest: () => Promise<Result>) => rest()

/** A page of `n` items of that many bytes each. */
function of(n: number | undefined, bytes = 1) {
  return { n, jsonBytes: () => bytes, whenLong }
}

describe('takePage', () => {
  it('takes exactly n unless fewer exist, and says whether more follow', async () => {
    await assert(
      asyncProperty(array(nat(), { maxLength: 12 }), option(nat(14), { nil: undefined }), async (list, n) => {
        const from = source(list)
        const page = await takePage(from.items, of(n))
        expect(page.items).toEqual(list.slice(0, n ?? list.length))
        expect(page.more).toBe(n !== undefined && n > 0 && list.length > n)
        expect(from.taken()).toBeLessThanOrEqual((n ?? list.length) + 1)
        if (n !== 0) expect(from.closed()).toBe(true)
      }),
    )
  })

  it('of n = 0 is empty, without a next one, and reads nothing', async () => {
    const from = source([1, 2])
    expect(await takePage(from.items, of(0))).toEqual({ items: [], more: false })
    expect(from.taken()).toBe(0)
  })

  it('stops before it is larger than clients read', async () => {
    const items = Array.from({ length: 10 }, (_, at) => at)
    expect(await takePage(source(items).items, of(undefined, CAP / 4))).toEqual({
      items: [0, 1, 2, 3],
      more: true,
    })
    expect(await takePage(source(items).items, of(10, CAP / 4))).toEqual({
      items: [0, 1, 2, 3],
      more: true,
    })
    expect(await takePage(source(items).items, of(2, CAP / 4))).toEqual({ items: [0, 1], more: true })
    // One that is too large alone still comes, alone: nobody would ever get past it.
    expect(await takePage(source(items).items, of(undefined, CAP * 2))).toEqual({ items: [0], more: true })
  })

  it('waits for a turn with a list that is long, and with no other', async () => {
    const waits: number[] = []
    const take = async (length: number, n?: number) => {
      const from = source(Array.from({ length }, (_, at) => at))
      const inTurn = <Result>(rest: () => Promise<Result>) => {
        waits.push(from.taken())
        return rest()
      }
      return takePage(from.items, { ...of(n), whenLong: inTurn })
    }
    expect((await take(1999)).items).toHaveLength(1999)
    expect(await take(5000, 1000)).toMatchObject({ more: true })
    expect(waits).toEqual([])
    const { items, more } = await take(5000)
    expect([items.length, items.at(-1), more]).toEqual([5000, 4999, false])
    expect(await take(5000, 3000)).toMatchObject({ more: true })
    expect(waits).toEqual([2000, 2000])
    // A filter that nothing fits reads as much.
    const passedOver = async function* () {
      for (let at = 0; at < 5000; at++) yield await Promise.resolve(at === 4999 ? at : undefined)
    }
    let turns = 0
    const counting = <Result>(rest: () => Promise<Result>) => {
      turns += 1
      return rest()
    }
    const filtered = await takePage(passedOver(), { ...of(10), whenLong: counting })
    expect([filtered, turns]).toEqual([{ items: [4999], more: false }, 1])
    const refusing = { ...of(undefined), whenLong: () => Promise.reject(new Error('too many')) }
    const from = source(Array(5000).fill(0))
    await expect(takePage(from.items, refusing)).rejects.toThrow('too many')
    expect(from.closed()).toBe(true)
  })

  it('does not keep memory for an n that nobody has', async () => {
    expect(await takePage(source([1]).items, of(Number.MAX_SAFE_INTEGER, 1))).toEqual({
      items: [1],
      more: false,
    })
  })
})

describe('nextLink', () => {
  it('is relative, alone, and read back as it was meant', () => {
    assert(
      property(string({ unit: anyUnit }), string({ unit: anyUnit }), (last, type) => {
        const { link } = nextLink('/v2/a/tags/list', {
          n: '3',
          last,
          artifactType: [type, 'x/y+z'],
          none: undefined,
        })
        const [, target = ''] = /^<(\/v2\/a\/tags\/list\?[!-~]*)>; rel="next"$/.exec(link) ?? []
        expect(target).not.toMatch(/[;<>," ]/)
        const query = new URL(target, 'http://x').searchParams
        expect([query.get('n'), query.get('last')]).toEqual(['3', last.toWellFormed()])
        expect(query.getAll('artifactType')).toEqual([type.toWellFormed(), 'x/y+z'])
        expect(query.has('none')).toBe(false)
      }),
    )
  })
})
