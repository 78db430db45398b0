import { expect, it } from 'vitest'
import type { Frame, LevelDatabase, LevelIterator } from './level-database.ts'
import { LevelReader } from './level-reader.ts'
import { ReadSpeed } from './read-speed.ts'

/** A reader of `there` records, and the sizes of its trips to them. */
function readerOf(there: number, record: (number: number) => Frame = frame) {
  const trips: number[] = []
  const closed: boolean[] = []
  const iterator = (): LevelIterator => {
    let at = 0
    return {
      nextv: (size) => {
        trips.push(size)
        const found = Array.from({ length: Math.min(size, there - at) }, (_, more) => record(at + more))
        at += found.length
        return Promise.resolve(found)
      },
      seek: () => undefined,
      close: async () => void closed.push(true),
    }
  }
  const unused = () => Promise.reject(new Error('not read so'))
  const database: LevelDatabase = {
    open: unused,
    close: unused,
    getMany: unused,
    batch: unused,
    getSync: () => undefined,
    snapshot: () => {
      throw new Error('not read so')
    },
    iterator,
  }
  const connection = {
    isWriting: false,
    read: async <T>(work: (open: LevelDatabase) => Promise<T> | T) => work(database),
  }
  return { reader: new LevelReader(connection, new ReadSpeed()), trips, closed }
}

function frame(number: number): Frame {
  const key = Buffer.from(String(number).padStart(5, '0'))
  return [key, key]
}

const prefix = Buffer.from('key')

it.each([1, 2, 16, 17, 128, 129, 200, 1000])(
  'gives %i records, and no more, whether or not there are so many',
  async (limit) => {
    for (const there of [0, 1, limit - 1, limit, limit + 1, 5000]) {
      const { reader, closed } = readerOf(there)
      const found = await reader.framesIn({ prefix, limit })
      expect(found).toEqual(Array.from({ length: Math.min(limit, there) }, (_, at) => frame(at)))
      expect(closed).toEqual([true])
    }
  },
)

it('ends many records with a trip for one: a closed iterator keeps what the last brought', async () => {
  for (const limit of [17, 100, 128, 129, 1000]) {
    const { reader, trips } = readerOf(5000)
    await reader.framesIn({ prefix, limit })
    expect(trips.at(-1)).toBe(1)
    expect(Math.max(...trips)).toBeLessThanOrEqual(128)
  }
})

it('brings no more once the values have so many bytes, which their frames are not counted among', async () => {
  const { reader, closed } = readerOf(5000)
  // Keys of five bytes are taken for frames, which have twelve beside their value: none has any.
  expect(await reader.framesIn({ prefix, limit: 1000, bytes: 1 })).toHaveLength(1000)
  const large: Frame = [Buffer.from('key'), Buffer.alloc(12 + 1000)]
  const large1000 = readerOf(5000, () => large)
  expect(await large1000.reader.framesIn({ prefix, limit: 1000, bytes: 128_000 })).toHaveLength(128)
  expect(await large1000.reader.framesIn({ prefix, limit: 1000, bytes: 128_001 })).toHaveLength(256)
  expect([...closed, ...large1000.closed]).toEqual([true, true, true])
})

it('takes a few records in one trip', async () => {
  const { reader, trips } = readerOf(5000)
  await reader.framesIn({ prefix, limit: 16 })
  expect(trips).toEqual([16])
})
