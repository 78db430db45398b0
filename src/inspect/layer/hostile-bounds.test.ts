import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { archive, END, header, longName, member, padded, pax } from '../tar/tar-fixture.ts'
import { indexBytes, LIMITS, listed } from './layer-fixture.ts'

const ok = member({ name: 'ok' }, 'fine')

/** GNU's sparse file of version 1.0, with its map before the data. */
function sparse(real: string, map: string): Buffer {
  const says = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': real }
  return Buffer.concat([pax(says), member({ name: 'sparse' }, padded(map))])
}

function base256(value: bigint): Buffer {
  const field = Buffer.alloc(12, value < 0n ? 0xff : 0)
  field.writeBigInt64BE(value, 4)
  field[0] = (field[0] ?? 0) | 0x80
  return field
}

const oldSparse = (patch: [number, string | Buffer]) =>
  member({ type: 'S', magic: 'ustar  \0', patch: [patch] })
const empty = Buffer.alloc(512)
const chained = Buffer.alloc(512)
chained[504] = 1
const globals = Array.from({ length: 20 }, (_, at) => pax({ [`key${at}`]: 'v'.repeat(100_000) }, 'g'))

/** Archives that ask for more than there is, behind a good entry, each with its verdict. */
const BEYOND: readonly (readonly [string, readonly Buffer[], string])[] = [
  ['H2 an extended header of a gigabyte', [header({ type: 'x', size: 1e9 })], 'damaged'],
  ['H2 an extended size that is no whole number', [pax({ size: '1.5' }), member({})], 'damaged'],
  ['H2 an extended size beyond all', [pax({ size: `${2n ** 60n}` }), member({})], 'damaged'],
  ['H5 a negative real size', [sparse('-5', '0\n')], 'damaged'],
  ['H5 a real size that is no whole number', [sparse('5.5', '0\n')], 'damaged'],
  ['H5 a map of a thousand million ranges', [sparse('5', '1000000000\n')], 'too-large'],
  ['H5 ranges over each other', [sparse('50', '2\n0\n10\n5\n10\n')], 'damaged'],
  [
    'H5 a range that begins inside a byte',
    [pax({ 'GNU.sparse.map': '0.5,1', 'GNU.sparse.size': '10' }), member({}, 'x')],
    'damaged',
  ],
  ['H5 a negative real size of the old form', [oldSparse([483, base256(-7n)])], 'damaged'],
  ['H11 a negative size in base 256', [member({ size: base256(-512n) })], 'damaged'],
  ['H11 a size of 2^53', [member({ size: base256(2n ** 53n) })], 'damaged'],
]

describe('what asks for more than there is', () => {
  it.each(BEYOND)('%s', async (_, members, verdict) => {
    const found = await indexBytes(archive(ok, ...members, ok))
    expect(found.verdict, found.reason).toBe(verdict)
    expect(listed(found)).toEqual(['file ok'])
  })
})

/** Archives that are strange and no more, each with what is in them. */
const STRANGE: readonly (readonly [string, Buffer, readonly string[]])[] = [
  ['H1 a long name of nothing', archive(longName(''), ok), ['file ok']],
  ['H3 global headers of many megabytes', archive(...globals, ok), ['file ok']],
  [
    'H5 holes of petabytes',
    archive(sparse('9007199254740991', '0\n'), sparse('9007199254740991', '0\n')),
    ['file sparse', 'file sparse'],
  ],
  [
    'H5 a chain of blocks without a range',
    archive(oldSparse([482, '\x01']), chained, chained, empty, ok),
    ['file file', 'file ok'],
  ],
  [
    'H7 a link that takes the place of the root',
    archive(pax({ path: './' }), member({ type: '2', linkname: '/etc' }), ok),
    ['symlink ', 'file ok'],
  ],
  ['H9 a whiteout of `..`', archive(member({ name: 'a/.wh...' }), ok), ['file ok', 'whiteout a/..']],
  [
    'H9 a whiteout that points out of the tree',
    archive(member({ name: '../.wh.etc' }), ok),
    ['file ../.wh.etc', 'file ok'],
  ],
  [
    'H9 a hundred thousand directories deep',
    archive(pax({ path: `${'d/'.repeat(100_000)}f` }), member({}), ok),
    [`file ${'d/'.repeat(100_000)}f`, 'file ok'],
  ],
  [
    'H13 an archive behind an archive',
    Buffer.concat([archive(ok), archive(member({ name: 'second' }))]),
    ['file ok'],
  ],
  [
    'H17 a zero, then bytes, behind the last member',
    Buffer.concat([gzipSync(archive(ok)), Buffer.from('\0more')]),
    ['file ok'],
  ],
  ['H31 a whiteout in a whiteout', archive(member({ name: 'd/.wh.e/.wh.f' })), ['whiteout d/.wh.e/f']],
]

describe('what is only strange', () => {
  it.each(STRANGE)('%s', async (_, bytes, entries) => {
    const found = await indexBytes(bytes)
    expect(found.reason).toBeUndefined()
    expect(listed(found)).toEqual(entries)
    expect(found.reader.facts.bytes).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER)
  })

  it('H16 one compression behind the other', async () => {
    const head = archive(ok).subarray(0, -END.length)
    const zstdFirst = await indexBytes(Buffer.concat([zstdCompressSync(head), gzipSync(END)]))
    const gzipFirst = await indexBytes(Buffer.concat([gzipSync(head), zstdCompressSync(END)]))
    expect([zstdFirst.verdict, gzipFirst.verdict]).toEqual(['damaged', 'damaged'])
  })
})

it('H14 names that imply more directories than a disk holds', async () => {
  const names = Array.from({ length: 30 }, (_, at) => Array.from({ length: 400 }, () => `${at}`).join('/'))
  const bytes = gzipSync(archive(...names.map((path) => Buffer.concat([pax({ path }), member({})]))))
  const found = await indexBytes(bytes, { limits: { ...LIMITS, index: 64 * 1024 } })
  expect(found.verdict).toBe('too-large')
  // Those of one name more are the most that can follow.
  expect(found.entries.length).toBeLessThan(2000)
  expect(found.length).toBeLessThan(256 * 1024)
})
