import { describe, expect, test } from 'vitest'
import { check, type Exchange, play, titled } from './support/exchange.ts'
import { multipartOf } from './support/multipart.ts'
import { BIG, BLOB, ETAG, NAME, URL, useReadableBlobs, WHOLE } from './support/readable-blobs.ts'

/** P§1.2: ranges of a blob, one and many. */
const { client } = useReadableBlobs()

// "Range table (v2 suite): `a-b` 206; `a-` 206; `-n` 206 last n; end past EOF clamps; start past EOF 416 +
// `Content-Range: bytes */size`; reversed `500-0` 416"
const SATISFIED: readonly (readonly [string, number, number])[] = [
  ['bytes=0-0', 0, 0],
  ['bytes=0-499', 0, 499],
  ['bytes=500-999', 500, 999],
  ['bytes=999-999', 999, 999],
  ['bytes=10-', 10, 999],
  ['bytes=0-', 0, 999],
  ['bytes=-1', 999, 999],
  ['bytes=-100', 900, 999],
  ['bytes=-5000', 0, 999],
  ['bytes=0-1000', 0, 999],
  ['bytes=900-99999999', 900, 999],
  ['bytes=0-99999999999999999999', 0, 999],
  ['Bytes=1-2', 1, 2],
]
const REFUSED = [
  'bytes=1000-',
  'bytes=1000-1001',
  'bytes=5000-6000',
  'bytes=500-0',
  'bytes=-0',
  'bytes=99999999999999999999-',
]
const IGNORED = [
  'items=0-1',
  'bytes',
  'bytes=',
  'bytes=abc',
  'bytes=1',
  'bytes=--1',
  'bytes=1-2-3',
  'bytes=0x0-0x9',
  'bytes=1.5-2',
]

const RANGES: readonly Exchange[] = [
  ...SATISFIED.map(
    ([range, start, end]): Exchange => ({
      name: `${range} is 206 ${start}-${end}`,
      send: { path: URL, headers: { range } },
      // "206 carries exact Content-Length and `Content-Range` with numeric total"
      expect: {
        status: 206,
        headers: {
          ...WHOLE,
          'content-range': `bytes ${start}-${end}/1000`,
          'content-length': String(end - start + 1),
        },
        body: BLOB.bytes.subarray(start, end + 1),
      },
    }),
  ),
  ...REFUSED.map(
    (range): Exchange => ({
      name: `${range} is 416`,
      send: { path: URL, headers: { range } },
      expect: { status: 416, code: 'RANGE_INVALID', headers: { 'content-range': 'bytes */1000' } },
    }),
  ),
  // RFC 9110 14.2: "A server MAY ignore the Range header field"; an invalid one is ignored.
  ...IGNORED.map(
    (range): Exchange => ({
      name: `${range} is no range: 200`,
      send: { path: URL, headers: { range } },
      expect: { status: 200, headers: WHOLE, body: BLOB.bytes },
    }),
  ),
  // "Ignore Range on HEAD."
  ...['bytes=0-9', 'bytes=5000-', 'bytes=0-1,5-6'].map(
    (range): Exchange => ({
      name: `HEAD with ${range} is 200`,
      send: { method: 'HEAD', path: URL, headers: { range } },
      expect: { status: 200, headers: WHOLE },
    }),
  ),
]

describe('one range', () => play(RANGES, client))

describe('several ranges', () => {
  // "reply 206 `multipart/byteranges`, one part per requested range, request order, no coalescing even of
  // touching ranges; each part has Content-Range with total; boundary alphanumeric, no colon"
  const LISTS: readonly (readonly [string, readonly (readonly [number, number])[]])[] = [
    [
      'bytes=0-1,3-4',
      [
        [0, 1],
        [3, 4],
      ],
    ],
    [
      'bytes=0-9,10-19',
      [
        [0, 9],
        [10, 19],
      ],
    ],
    [
      'bytes=500-509,0-9,100-199',
      [
        [500, 509],
        [0, 9],
        [100, 199],
      ],
    ],
    [
      'bytes=0-9, 5-14',
      [
        [0, 9],
        [5, 14],
      ],
    ],
    [
      'bytes=7-7,7-7',
      [
        [7, 7],
        [7, 7],
      ],
    ],
    [
      'bytes=0-0,-5',
      [
        [0, 0],
        [995, 999],
      ],
    ],
    [
      'bytes=990-,0-4',
      [
        [990, 999],
        [0, 4],
      ],
    ],
    [
      'bytes=990-2000,0-4',
      [
        [990, 999],
        [0, 4],
      ],
    ],
    [
      'bytes=0-499,500-999',
      [
        [0, 499],
        [500, 999],
      ],
    ],
  ]

  test.each(LISTS)('%s', async (range, spans) => {
    const reply = await client().get(URL, { range })
    check(reply, {
      status: 206,
      headers: { 'content-range': undefined, 'docker-content-digest': BLOB.digest, etag: ETAG },
    })
    expect(reply.header('content-length')).toBe(String(reply.body.length))
    expect(multipartOf(reply)).toEqual(
      spans.map(([start, end]) => ({
        range: `bytes ${start}-${end}/1000`,
        bytes: BLOB.bytes.subarray(start, end + 1),
      })),
    )
  })

  test('a range list with one range is a plain 206', async () => {
    check(await client().get(URL, { range: 'bytes=3-5' }), {
      status: 206,
      headers: { 'content-type': 'application/octet-stream' },
    })
  })

  test('1,024 ranges in a header of 20 KiB come as 1,024 parts, also backwards', async () => {
    const step = Math.floor(BIG.size / 1024)
    const spans = Array.from({ length: 1024 }, (_, part): [number, number] => [
      part * step,
      part * step + 99,
    ]).toReversed()
    const range = `bytes=${spans.map(([start, end]) => `${start}-${end}`).join(',')}`
    expect(range.length).toBeGreaterThan(14_000)
    const reply = await client().get(`/v2/${NAME}/blobs/${BIG.digest}`, {
      range,
      'x-filler': 'f'.repeat(6000),
    })
    expect(reply.status).toBe(206)
    expect(multipartOf(reply)).toEqual(
      spans.map(([start, end]) => ({
        range: `bytes ${start}-${end}/${BIG.size}`,
        bytes: BIG.bytes.subarray(start, end + 1),
      })),
    )
  })

  // "cap total bytes at blob size (else send 200)"
  test('ranges that ask for more than the blob get the blob', async () => {
    check(await client().get(URL, { range: 'bytes=0-999,0-999,0-999' }), { status: 200, body: BLOB.bytes })
  })

  // "If you will not serve that many ranges: 200 full body or 400 […] Never 416: podman pull then fails outright"
  test.each(
    titled([
      `bytes=${Array.from({ length: 5000 }, () => '0-0').join(',')}`,
      'bytes=0-1,x',
      'bytes=0-1,,3-4',
      'bytes=0-1,2000-2001',
    ]),
  )('$shown is never 416', async ({ text: range }) => {
    const reply = await client().get(URL, { range })
    expect([200, 206, 400]).toContain(reply.status)
    if (reply.status === 200) expect(reply.body.equals(BLOB.bytes)).toBe(true)
  })
})
