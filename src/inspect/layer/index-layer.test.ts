import { createHash } from 'node:crypto'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { array, assert, asyncProperty, constantFrom, integer, record, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { archive, END, header, longName, member, padded, pax } from '../tar/tar-fixture.ts'
import { flagNames, pathOf } from './index-entry.ts'
import { indexBytes, LIMITS, listed } from './layer-fixture.ts'

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')
const base256 = (value: bigint) => {
  const field = Buffer.alloc(12)
  field.writeBigUInt64BE(BigInt.asUintN(64, value), 4)
  if (value < 0n) field.fill(0xff, 0, 4)
  field[0] = (field[0] ?? 0) | 0x80
  return field
}
const LONG = `${'d'.repeat(150)}/${'f'.repeat(120)}`

/** What each oddity of an archive becomes: kinds and paths, in the order of the index. */
const ITEMS: Readonly<Record<string, { readonly bytes: Buffer; readonly paths: readonly string[] }>> = {
  'H1 long name': {
    bytes: Buffer.concat([longName(LONG), member({ name: 'cut' }, 'x')]),
    paths: [`file ${LONG}`],
  },
  'H1 two long names, the last wins': {
    bytes: Buffer.concat([longName('first'), longName('second'), member({ name: 'cut' })]),
    paths: ['file second'],
  },
  'H1 long link': {
    bytes: Buffer.concat([longName('t'.repeat(200), 'K'), member({ name: 'ln', type: '2' })]),
    paths: ['symlink ln'],
  },
  'H2 extended path': { bytes: Buffer.concat([pax({ path: 'a/päx' }), member({})]), paths: ['file a/päx'] },
  'H2 extended size counts': {
    bytes: Buffer.concat([pax({ size: '3' }), header({ name: 'sized', size: 0 }), padded('abc')]),
    paths: ['file sized'],
  },
  'H1 a long name before an extended header counts, and behind it': {
    bytes: Buffer.concat([
      longName('long/1'),
      pax({ path: 'extended' }),
      member({ name: 'cut' }),
      pax({ path: 'extended' }),
      longName('long/2'),
      member({ name: 'cut' }),
    ]),
    paths: ['file long/1', 'file long/2'],
  },
  'H3 global headers count for nothing': {
    bytes: Buffer.concat([
      pax({ path: 'elsewhere', size: '512' }, 'g'),
      pax({ path: 'lost' }),
      pax({ comment: 'none' }, 'g'),
      member({ name: 'global' }),
    ]),
    paths: ['file global'],
  },
  'H4 prefix': { bytes: member({ name: 'name', prefix: 'pre/fix' }), paths: ['file pre/fix/name'] },
  'H4 no prefix with GNU magic': {
    bytes: member({ name: 'gnuish', magic: 'ustar  \0', prefix: '14000000000' }),
    paths: ['file gnuish'],
  },
  'H4 a prefix with GNU magic, as Go wrote it once': {
    bytes: member({ name: 'name', magic: 'ustar  \0', prefix: 'old/go' }),
    paths: ['file old/go/name'],
  },
  'H4 no magic': { bytes: member({ name: 'v7', magic: '\0'.repeat(8) }), paths: ['file v7'] },
  'H6 hard link with a size': {
    bytes: member({ name: 'hard', type: '1', linkname: 'other', size: 5 }),
    paths: ['hardlink hard'],
  },
  'H7 symlink up and away': {
    bytes: member({ name: 'sym', type: '2', linkname: '../../../etc/passwd' }),
    paths: ['symlink sym'],
  },
  'H8 devices': {
    bytes: Buffer.concat([
      member({ name: 'null', type: '3', major: 1, minor: 3 }),
      member({ name: 'pipe', type: '6' }),
      member({ name: 'zero', type: '3' }),
    ]),
    paths: ['char null', 'fifo pipe', 'char zero'],
  },
  'H9 odd paths': {
    bytes: Buffer.concat([
      member({ name: '/abs/./x//y' }),
      member({ name: 'abs/dir/', type: '5' }),
      member({ name: 'C:\\w' }),
    ]),
    paths: ['file C:\\w', 'dir abs/dir', 'file abs/x/y'],
  },
  'H11 a number with something behind its NUL': {
    bytes: member({ name: 'owned', patch: [[108, '0000012\x009'.slice(0, 8)]] }),
    paths: ['file owned'],
  },
  'H11 base-256 time': {
    bytes: member({ name: 'negative', patch: [[136, base256(-5n)]] }),
    paths: ['file negative'],
  },
  'H19 raw names': {
    bytes: Buffer.concat([
      member({ name: 'b\xff\xfe' }),
      member({ name: 'c\x1b[31m' }),
      member({ name: '<script>' }),
    ]),
    paths: ['file <script>', 'file b\xff\xfe', 'file c\x1b[31m'],
  },
  'H31 whiteouts': {
    bytes: Buffer.concat([
      member({ name: 'w/.wh.gone' }),
      member({ name: 'w/.wh..wh..opq' }),
      member({ name: 'w/.wh.' }),
      member({ name: 'w/.wh..wh.plnk/1.2' }),
    ]),
    paths: ['opaque w/', 'file w/.wh.', 'whiteout w/gone', 'file w/.wh..wh.plnk/1.2'],
  },
}

describe('every oddity of an archive', () => {
  it.each(Object.entries(ITEMS))('%s', async (_, { bytes, paths }) => {
    const indexed = await indexBytes(archive(bytes))
    expect(indexed.reason).toBeUndefined()
    expect(listed(indexed).sort()).toEqual([...paths].sort())
  })

  it('in pairs, in both orders', { timeout: 60_000 }, async () => {
    const all = Object.values(ITEMS)
    for (const one of all)
      for (const two of all) {
        if (one === two) continue
        const both = await indexBytes(archive(one.bytes, two.bytes))
        expect(both.reason).toBeUndefined()
        expect(listed(both).sort()).toEqual([...one.paths, ...two.paths].sort())
      }
  })

  it('H9 what points out of the tree is listed, and nowhere in it', async () => {
    const { entries, reader } = await indexBytes(
      archive(member({ name: '../../etc/passwd' }), member({ name: 'a/b' })),
    )
    expect(
      entries.filter(({ name }) => name.includes('passwd')).map(({ flags }) => flagNames(flags)),
    ).toEqual([['escapes']])
    const root: string[] = []
    for await (const entry of reader.directory('')) if (entry.name !== '') root.push(entry.name)
    expect(root).toEqual(['a'])
  })

  it.each([
    ['by itself', ['../up', 'a/b']],
    ['behind the root', ['./', '../up', '.wh..wh..opq', '../../up', 'a/b']],
  ])('H9 what points out of the tree is given %s', async (_, names) => {
    const { reader } = await indexBytes(
      archive(...names.map((name) => member({ name, type: name.endsWith('/') ? '5' : '0' }))),
    )
    const outside: string[] = []
    for await (const { name } of reader.outside(0)) outside.push(name)
    expect(outside).toEqual(names.filter((name) => name.startsWith('..')))
  })

  it('H10 of one path the last counts; what is lost stays listed', async () => {
    const { entries } = await indexBytes(
      archive(
        member({ name: 'twice' }, 'one'),
        member({ name: 'twice' }, 'second'),
        member({ name: 'd', type: '5' }),
        member({ name: 'd/in' }, 'lost'),
        member({ name: 'd' }, 'a file now'),
        member({ name: 'f' }, 'a file first'),
        member({ name: 'f/under' }, 'wins'),
      ),
    )
    const lost = (path: string) =>
      entries
        .filter((entry) => pathOf(entry) === path)
        .map(({ kind, size, flags }) => [kind, size, ...flagNames(flags)])
    expect(lost('twice')).toEqual([
      ['file', 3, 'overridden'],
      ['file', 6],
    ])
    expect(lost('d')).toEqual([
      ['dir', 0, 'overridden'],
      ['file', 10],
    ])
    expect(lost('d/in')).toEqual([['file', 4, 'overridden']])
    expect(lost('f')).toEqual([
      ['file', 12, 'overridden'],
      ['dir', 0, 'implied'],
    ])
    expect(lost('f/under')).toEqual([['file', 4, 'underFile']])
  })

  it('sums up directories', async () => {
    const { reader, facts } = await indexBytes(
      archive(
        member({ name: 'a/b/c' }, '123'),
        member({ name: 'a/b/d' }, '4567'),
        member({ name: 'a/e', type: '2' }),
      ),
    )
    const [directory] = await reader.at('', 'a')
    expect(directory?.totals).toEqual({ bytes: 7, files: 3 })
    expect(facts).toMatchObject({ files: 3, bytes: 7, entries: 3 })
  })
})

describe('H5 sparse files', () => {
  const old = header({
    name: 'old',
    type: 'S',
    magic: 'ustar  \0',
    size: 5,
    patch: [
      [386, ['00000002000', '00000000002', '00000004000', '00000000003'].map((one) => `${one}\0`).join('')],
      [483, '00000010000\0'],
    ],
  })

  it.each([
    ['old', Buffer.concat([old, padded('abcde')])],
    [
      '0.1',
      Buffer.concat([
        pax({ 'GNU.sparse.size': '4096', 'GNU.sparse.map': '1024,2,2048,3', 'GNU.sparse.name': 'old' }),
        member({}, 'abcde'),
      ]),
    ],
    [
      '1.0',
      Buffer.concat([
        pax({
          'GNU.sparse.major': '1',
          'GNU.sparse.minor': '0',
          'GNU.sparse.realsize': '4096',
          'GNU.sparse.name': 'old',
        }),
        member({}, Buffer.concat([padded('2\n1024\n2\n2048\n3\n'), Buffer.from('abcde')])),
      ]),
    ],
  ])('of form %s', async (_, bytes) => {
    const { entries, reason } = await indexBytes(archive(bytes, member({ name: 'z' })))
    expect(reason).toBeUndefined()
    const file = entries.find(({ name }) => name === 'old')
    expect(file).toMatchObject({
      size: 4096,
      stored: 5,
      sparse: [
        { offset: 1024, length: 2 },
        { offset: 2048, length: 3 },
      ],
    })
    expect(file?.sha256?.toString('hex')).toBe(sha256('abcde'))
  })

  it.each(['9,1,3,1', '0,9', '1,2,3', '-1,2', 'x'])('map %s is damage', async (map) => {
    const { verdict } = await indexBytes(
      archive(pax({ 'GNU.sparse.size': '9', 'GNU.sparse.map': map }), member({}, 'ab')),
    )
    expect(verdict).toBe('damaged')
  })
})

describe('damage is said, and what came before it stands', () => {
  const good = member({ name: 'good' }, 'fine')
  it.each([
    ['H2 a record too long', archive(good, member({ type: 'x' }, '99 path=a\n'), member({}))],
    ['H2 a record without a length', archive(good, member({ type: 'x' }, 'path=a\n'), member({}))],
    ['H2 a record without a line end', archive(good, member({ type: 'x' }, '9 path=ab'), member({}))],
    ['H2 a NUL in the name of a sparse file', archive(good, pax({ 'GNU.sparse.name': 'a\0b' }), member({}))],
    ['H2 a NUL in a path', archive(good, pax({ path: 'a\0b' }), member({}))],
    ['H2 a negative size', archive(good, pax({ size: '-1' }), member({}))],
    ['H11 a size that is no octal', archive(good, header({ size: '12x' }))],
    ['H11 a negative size', archive(good, header({ patch: [[124, base256(-1n)]] }))],
    ['H11 a size beyond all', archive(good, header({ patch: [[124, base256(2n ** 62n)]] }))],
    ['H11 a size beyond the end', archive(good, header({ size: 99_999 }))],
    ['H12 a wrong checksum', archive(good, header({ checksum: '000001\0 ' }))],
    ['H13 one zero block', archive(good, Buffer.alloc(512), member({}))],
    ['H18 cut short', gzipSync(archive(good, member({ name: 'x' }, 'y'.repeat(5000)))).subarray(0, -9)],
    ['H18 a wrong CRC', Buffer.concat([gzipSync(archive(good)).subarray(0, -8), Buffer.alloc(8)])],
    ['zstd cut short', zstdCompressSync(archive(good)).subarray(0, -3)],
  ])('%s', async (_, bytes) => {
    const { verdict, reason } = await indexBytes(bytes)
    expect(verdict).toBe('damaged')
    expect(reason).not.toBe('')
  })

  it('keeps earlier entries', async () => {
    expect(listed(await indexBytes(archive(good, header({ size: '12x' }))))).toEqual(['file good'])
  })

  it('H13 what fills the last block up may be missing', async () => {
    const bytes = archive(good).subarray(0, 512 + 'fine'.length)
    const { verdict, facts } = await indexBytes(bytes)
    expect([verdict, facts.entries, facts.diffId]).toEqual([undefined, 1, `sha256:${sha256(bytes)}`])
    expect(facts.warnings).toEqual(['the archive has no end mark'])
    expect((await indexBytes(bytes.subarray(0, -1))).verdict).toBe('damaged')
  })

  it('H3 says that there are global headers, unless they only comment', async () => {
    const warnings = async (records: Record<string, string>) =>
      (await indexBytes(archive(pax(records, 'g'), good))).facts.warnings
    expect(await warnings({ comment: '1234' })).toEqual([])
    expect(await warnings({ uid: '5' })).toEqual([expect.stringContaining('global headers')])
  })

  it('H1 reads no endless long names', async () => {
    expect((await indexBytes(archive(good, longName('a'.repeat(2_000_000))))).verdict).toBe('damaged')
  })
})

describe('compression is seen, not believed', () => {
  const tar = archive(member({ name: 'a' }, 'content'), member({ name: 'b' }, 'x'.repeat(300_000)))
  const half = 1024
  it.each([
    ['none', tar, 'none'],
    ['gzip', gzipSync(tar), 'gzip'],
    [
      'H16 many members',
      Buffer.concat([gzipSync(tar.subarray(0, half)), gzipSync(tar.subarray(half))]),
      'gzip',
    ],
    ['H17 padding', Buffer.concat([gzipSync(tar), Buffer.alloc(3000)]), 'gzip'],
    ['zstd', zstdCompressSync(tar), 'zstd'],
    [
      'H16 many frames',
      Buffer.concat([zstdCompressSync(tar.subarray(0, half)), zstdCompressSync(tar.subarray(half))]),
      'zstd',
    ],
    [
      'H24 skippable frames',
      Buffer.concat([skippable('toc'), zstdCompressSync(tar), skippable('x'.repeat(70_000)), skippable('')]),
      'zstd',
    ],
  ])('%s', async (_, bytes, compression) => {
    for (const size of [1, 777, 65_536].slice(bytes.length > 20_000 ? 1 : 0)) {
      const { facts, reason } = await indexBytes(bytes, { size })
      expect(reason).toBeUndefined()
      expect(facts).toMatchObject({
        compression,
        diffId: `sha256:${sha256(tar)}`,
        unpacked: tar.length,
        files: 2,
        warnings: [],
      })
    }
  })

  it('H17 garbage behind the end is said', async () => {
    const compressed = await indexBytes(Buffer.concat([gzipSync(tar), Buffer.from('garbage')]))
    expect(compressed.verdict).toBe('damaged')
    expect(compressed.reason).toContain('incorrect header check')
    expect((await indexBytes(Buffer.concat([tar, Buffer.from('garbage')]))).facts.warnings).toHaveLength(1)
  })

  it.each([
    ['xz', Buffer.from('fd377a585a0000', 'hex')],
    ['JSON', Buffer.from('{"a":1}'.padEnd(600))],
    ['a picture', Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(600, 7)])],
    ['text', Buffer.from('hello world '.repeat(100))],
    ['a single byte', Buffer.from('\n')],
    ['three zeros', Buffer.alloc(3)],
    ['an empty JSON object', Buffer.from('{}')],
  ])('H20 %s is unsupported', async (_, bytes) =>
    expect((await indexBytes(bytes)).verdict).toBe('unsupported'),
  )

  it('H20 an empty blob is an empty layer', async () => {
    expect(await indexBytes(Buffer.alloc(0))).toMatchObject({
      verdict: undefined,
      facts: { entries: 0, unpacked: 0 },
    })
    expect(await indexBytes(gzipSync(END))).toMatchObject({
      verdict: undefined,
      facts: { entries: 0, unpacked: 1024 },
    })
  })

  it('H15 a dictionary or a huge window is unsupported', async () => {
    const dictionary = Buffer.from('28b52ffd0101070100', 'hex')
    expect((await indexBytes(Buffer.concat([dictionary, Buffer.alloc(600)]))).verdict).toBe('unsupported')
    const window = Buffer.from('28b52ffd00a8', 'hex')
    expect((await indexBytes(Buffer.concat([window, Buffer.alloc(600)]))).verdict).toBe('unsupported')
  })
})

function skippable(text: string): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32LE(0x184d2a53)
  head.writeUInt32LE(text.length, 4)
  return Buffer.concat([head, Buffer.from(text)])
}

describe('limits', () => {
  it('H14 ends after so many entries, and keeps them', async () => {
    const many = archive(...Array.from({ length: 30 }, (_, index) => member({ name: `f${index}` })))
    const indexed = await indexBytes(many, { limits: { ...LIMITS, entries: 10 } })
    expect(indexed).toMatchObject({ verdict: 'too-large', facts: { entries: 10 } })
    expect(listed(indexed)).toHaveLength(10)
  })

  it('H15 ends bombs', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024))
    expect((await indexBytes(bomb, { limits: { ...LIMITS, ratio: 100 } })).verdict).toBe('too-large')
    expect((await indexBytes(bomb, { limits: { ...LIMITS, unpacked: 2 ** 20 } })).verdict).toBe('too-large')
  })

  it('H14 knows no tree too deep for it', async () => {
    const deep = `${'a/'.repeat(10_000)}x`
    const { entries } = await indexBytes(archive(pax({ path: deep }), member({})))
    expect(entries.map(({ flags }) => flagNames(flags))).toEqual([['deep']])
  })
})

describe('what the index keeps', () => {
  const tree = array(
    record({
      name: constantFrom('a', 'b/c', 'b/d/e', 'f.g', 'f/h', 'long'.repeat(40), 'ü'),
      type: constantFrom('0', '0', '0', '2', '5'),
      content: uint8Array({ maxLength: 2000 }),
      mode: integer({ min: 0, max: 0o7777 }),
    }),
    { maxLength: 12 },
  )

  it('is the tree that was written, and makes the stream again byte for byte', async () => {
    await assert(
      asyncProperty(tree, integer({ min: 100, max: 5000 }), async (files, size) => {
        const members = files.map(({ name, type, content, mode }, index) => {
          const path = `${index}-${name}`
          return { path, type, mode, content: type === '0' ? Buffer.from(content) : Buffer.alloc(0) }
        })
        const bytes = archive(
          ...members.flatMap(({ path, content, ...rest }) => [
            pax({ path: Buffer.from(path).toString('latin1') }),
            member(rest, content),
          ]),
        )
        const { entries, facts } = await indexBytes(gzipSync(bytes), { size })
        const own = entries.filter(({ flags }) => (flags & 1) === 0).sort((a, b) => a.order - b.order)
        expect(own.map((entry) => [pathOf(entry), entry.mode, entry.size])).toEqual(
          members.map(({ path, mode, content }) => [
            Buffer.from(path).toString('latin1'),
            mode,
            content.length,
          ]),
        )
        expect(facts.diffId).toBe(`sha256:${sha256(bytes)}`)
        const contents = new Map(members.map(({ content }) => [sha256(content), content]))
        const pieces: Buffer[] = []
        let at = 0
        for (const { contentOffset, stored, sha256: digest } of own) {
          pieces.push(
            bytes.subarray(at, contentOffset),
            contents.get(digest?.toString('hex') ?? '') ?? Buffer.alloc(0),
          )
          at = contentOffset + stored
        }
        expect(Buffer.concat([...pieces, bytes.subarray(at)]).equals(bytes)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it.each([1000, 40_000, 200_000])('is the digest of each file, in chunks of %d bytes', async (size) => {
    const contents = [1, 65_535, 65_536, 65_537, 150_000].map((length) => Buffer.alloc(length, `${length}`))
    const bytes = archive(
      ...contents.map((content, index) => member({ name: `${index}` }, content)),
      member({ name: 'last' }),
    )
    const { entries } = await indexBytes(bytes, { size })
    const files = entries.filter(({ kind }) => kind === 'file')
    expect(files.map((file) => file.sha256?.toString('hex'))).toEqual([...contents, ''].map(sha256))
  })

  it('is read directory by directory, from many blocks', async () => {
    const names = Array.from(
      { length: 1200 },
      (_, index) => `d${index % 12}/${'x'.repeat(150)}${(index * 7919) % 1200}`,
    )
    const { entries, reader, facts } = await indexBytes(
      archive(...names.flatMap((path) => [pax({ path }), member({})])),
    )
    expect(facts.files).toBe(1200)
    expect(entries).toHaveLength(1200 + 12 + 1)
    const found: string[] = []
    for await (const entry of reader.directory('d7')) found.push(entry.name)
    expect(found).toEqual(
      names
        .filter((name) => name.startsWith('d7/'))
        .map((name) => name.slice(3))
        .sort(),
    )
    expect(await reader.at('d7', found[50] ?? '')).toHaveLength(1)
    expect(await reader.at('d7', 'nothing')).toEqual([])
  }, 30_000)
})
