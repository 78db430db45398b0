import { array, assert, asyncProperty, nat, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BlobReader, RangesReader } from '../../../storage/blobs/blob-store.ts'
import { readInTurn } from '../../../storage/blobs/read-in-turn.ts'
import type { ByteRange } from '../../oci/byte-range.ts'
import type { BodyWriter } from '../exchange.ts'
import { multipleRanges, pumped, singleRange } from './ranged-body.ts'

let opened = 0

/** Opens readers of `bytes` that count themselves until they are closed. */
function opener(bytes: Uint8Array): (range?: ByteRange) => Promise<BlobReader> {
  opened = 0
  return (range = { start: 0, end: bytes.length - 1 }) => {
    opened += 1
    let closed = false
    const close = () => {
      if (!closed) opened -= 1
      closed = true
      return Promise.resolve()
    }
    return Promise.resolve({
      size: bytes.length,
      pump: async (sink) => {
        try {
          for (let at = range.start; at <= range.end; at += 3) {
            const piece = Uint8Array.from(bytes.subarray(at, Math.min(at + 3, range.end + 1)))
            await sink(piece)
            piece.fill(0xdd)
          }
        } finally {
          await close()
        }
      },
      close,
    })
  }
}

/** The same for many ranges. */
function manyOpener(bytes: Uint8Array): (ranges: readonly ByteRange[]) => Promise<RangesReader> {
  const open = opener(bytes)
  return async (ranges) => {
    const reader = await readInTurn(open, ranges)
    if (reader === undefined) throw new TypeError('there are bytes')
    return reader
  }
}

async function written(body: BodyWriter): Promise<Buffer> {
  const pieces: Buffer[] = []
  await body((piece) => {
    pieces.push(Buffer.from(piece))
    return Promise.resolve()
  })
  return Buffer.concat(pieces)
}

interface Part {
  readonly range: string
  readonly type: string
  readonly bytes: Buffer
}

/** Reads multipart/byteranges as RFC 2046 §5.1.1 defines it, by the lengths that Content-Range tells. */
function parse(body: Buffer, boundary: string): Part[] {
  const parts: Part[] = []
  let at = 0
  const take = (text: string): void => {
    expect(body.toString('latin1', at, at + text.length)).toBe(text)
    at += text.length
  }
  take(`--${boundary}`)
  while (body.toString('latin1', at, at + 2) === '\r\n') {
    const end = body.indexOf('\r\n\r\n', at)
    const head = body.toString('latin1', at + 2, end)
    const headers = new Map(
      head.split('\r\n').map((line): [string, string] => {
        const [name = '', value = ''] = line.split(': ')
        return [name.toLowerCase(), value]
      }),
    )
    const range = headers.get('content-range') ?? ''
    const [, start, stop] = /^bytes (\d+)-(\d+)\/\d+$/.exec(range) ?? []
    at = end + 4
    const length = Number(stop) - Number(start) + 1
    parts.push({ range, type: headers.get('content-type') ?? '', bytes: body.subarray(at, at + length) })
    at += length
    take(`\r\n--${boundary}`)
  }
  take('--\r\n')
  expect(at).toBe(body.length)
  return parts
}

describe('multipleRanges', () => {
  const content = uint8Array({ minLength: 1, maxLength: 40 })

  it('frames each range, in order, in exactly the length that it announces', async () => {
    await assert(
      asyncProperty(
        content,
        array(array(nat(1000), { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 6 }),
        async (bytes, pairs) => {
          const ranges = pairs.map(([a = 0, b = 0]) => {
            const [one, two] = [a % bytes.length, b % bytes.length]
            return { start: Math.min(one, two), end: Math.max(one, two) }
          })
          const { headers, body } = multipleRanges(manyOpener(bytes), ranges, bytes.length)
          const [, boundary = ''] =
            /^multipart\/byteranges; boundary=([A-Za-z0-9]{1,70})$/.exec(headers['content-type'] ?? '') ?? []
          const all = await written(body)
          expect(headers['content-length']).toBe(String(all.length))
          expect(parse(all, boundary)).toEqual(
            ranges.map(({ start, end }) => ({
              range: `bytes ${start}-${end}/${bytes.length}`,
              type: 'application/octet-stream',
              bytes: Buffer.from(bytes.subarray(start, end + 1)),
            })),
          )
          expect(opened).toBe(0)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('keeps 1,100 parts apart', async () => {
    const bytes = Buffer.alloc(11_000, 'x')
    const ranges = Array.from({ length: 1100 }, (_, at) => ({ start: at * 10, end: at * 10 + 9 }))
    const { headers, body } = multipleRanges(manyOpener(bytes), ranges, bytes.length)
    const all = await written(body)
    expect(all.length).toBe(Number(headers['content-length']))
    expect(parse(all, (headers['content-type'] ?? '').split('=')[1] ?? '')).toHaveLength(1100)
  })

  it('has another boundary each time, so that no blob can hold it', () => {
    const type = () =>
      multipleRanges(manyOpener(Buffer.of(1)), [{ start: 0, end: 0 }], 1).headers['content-type']
    expect(type()).not.toBe(type())
  })

  it('leaves nothing open when the client goes away, wherever that is', async () => {
    const ranges = [
      { start: 0, end: 9 },
      { start: 10, end: 19 },
    ]
    for (let stop = 0; stop < 14; stop++) {
      const { body } = multipleRanges(manyOpener(Buffer.alloc(20)), ranges, 20)
      let writes = 0
      const gone = body(() => {
        writes += 1
        return writes > stop ? Promise.reject(new Error('gone')) : Promise.resolve()
      })
      if (stop < 13) await expect(gone).rejects.toThrow('gone')
      else await gone
      expect(opened).toBe(0)
    }
  })

  it('writes nothing before the first bytes are open, so that a failure can still be told', async () => {
    let writes = 0
    const { body } = multipleRanges(() => Promise.reject(new Error('damaged')), [{ start: 0, end: 0 }], 1)
    await expect(body(() => Promise.resolve(void (writes += 1)))).rejects.toThrow('damaged')
    expect(writes).toBe(0)
  })
})

describe('singleRange and pumped', () => {
  it('give the bytes and their exact length', async () => {
    const bytes = Buffer.from('0123456789')
    const { headers, body } = singleRange(opener(bytes), { start: 2, end: 5 }, 10)
    expect(headers).toEqual({
      'content-type': 'application/octet-stream',
      'content-length': '4',
      'content-range': 'bytes 2-5/10',
    })
    expect(String(await written(body))).toBe('2345')
    expect(String(await written(pumped(opener(bytes))))).toBe('0123456789')
    expect(opened).toBe(0)
  })
})
