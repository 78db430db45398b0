import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { archive, END, header, member, pax } from '../tar/tar-fixture.ts'
import { flagNames } from './index-entry.ts'
import { indexBytes, LIMITS, listed } from './layer-fixture.ts'

const MIB = 2 ** 20

/** Frames and streams made to hurt who unpacks them, each with the verdict on it (H15, H22, H25). */
const HURTFUL: readonly (readonly [string, Buffer, string | undefined])[] = [
  ['a skippable frame of 4 GiB that is not there', frameOf(0xffff_ffff), 'damaged'],
  ['a window of 2 GiB (--long=31)', zstdHead(0x00, [0xa8]), 'unsupported'],
  ['a single segment of 8 EiB', zstdHead(0xe0, [0, 0, 0, 0, 0, 0, 0, 0x7f]), 'unsupported'],
  ['a dictionary', zstdHead(0x01, [0x01, 0x07]), 'unsupported'],
  ['a reserved block', zstdHead(0x00, [0x00, 0x06, 0x00, 0x00]), 'damaged'],
  ['a bomb within a bomb', gzipSync(gzipSync(Buffer.alloc(MIB))), 'unsupported'],
  ['a thousand empty members', Buffer.concat(Array.from({ length: 1000 }, () => gzipSync(''))), undefined],
  [
    'a thousand empty frames',
    Buffer.concat(Array.from({ length: 1000 }, () => zstdCompressSync(''))),
    undefined,
  ],
  [
    'a member whose extra field has no end',
    Buffer.from(`1f8b0804000000000003ffff${'00'.repeat(600)}`, 'hex'),
    'damaged',
  ],
  ['an encrypted layer', Buffer.alloc(4096, 'encrypted bytes'), 'unsupported'],
  ['a squashfs image', Buffer.from(`68737173${'00'.repeat(600)}`, 'hex'), 'unsupported'],
  ['an EROFS image (RAFS v6)', rafs(), 'unsupported'],
  ['WebAssembly', Buffer.from(`0061736d01000000${'00'.repeat(600)}`, 'hex'), 'unsupported'],
  [
    'an attestation',
    Buffer.from(JSON.stringify({ _type: 'https://in-toto.io/Statement/v1' }).padEnd(600)),
    'unsupported',
  ],
]

function frameOf(length: number): Buffer {
  const head = Buffer.alloc(608)
  head.writeUInt32LE(0x184d2a50)
  head.writeUInt32LE(length, 4)
  return head
}

function zstdHead(descriptor: number, rest: readonly number[]): Buffer {
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, descriptor, ...rest]), Buffer.alloc(600)])
}

function rafs(): Buffer {
  const image = Buffer.alloc(4096)
  image.writeUInt32LE(0xe0f5e1e2, 1024)
  return image
}

describe('what is made to hurt gets its verdict', () => {
  it.each(HURTFUL)('%s', async (_, bytes, verdict) => {
    const { verdict: found, reason, facts } = await indexBytes(bytes, { size: 4096 })
    expect(found, reason).toBe(verdict)
    expect(facts.entries).toBe(0)
  })

  it('also behind a good start, whose entries stay', async () => {
    const good = archive(member({ name: 'good' }, 'fine')).subarray(0, -END.length)
    for (const [name, bytes, verdict] of HURTFUL) {
      if (verdict === undefined || bytes.readUInt16LE(0) === 0x8b1f) continue
      const found = await indexBytes(Buffer.concat([zstdCompressSync(good), bytes]))
      expect(found.verdict, name).toBeDefined()
      expect(listed(found), name).toEqual(['file good'])
    }
  })

  it.each([
    ['zeros in one zstd frame', zstdCompressSync(Buffer.alloc(128 * MIB))],
    [
      'many small frames',
      Buffer.concat(Array.from({ length: 300 }, () => zstdCompressSync(Buffer.alloc(MIB)))),
    ],
    ['many small members', Buffer.concat(Array.from({ length: 300 }, () => gzipSync(Buffer.alloc(MIB))))],
  ])('a bomb of %s ends at its budget', async (_, bytes) => {
    const { verdict, facts } = await indexBytes(bytes, { limits: { ...LIMITS, unpacked: 32 * MIB } })
    expect(verdict).toBe('too-large')
    expect(facts.unpacked).toBeLessThan(64 * MIB)
  })
})

describe('layers that lazy clients read (H23, H24)', () => {
  const files = archive(member({ name: 'a' }, 'content'))
  const toc = member({ name: 'stargz.index.json' }, '{"version":1,"entries":[]}')

  it('is indexed from its tar, whatever its table of contents says', async () => {
    const footer = gzipSync('')
    const bytes = Buffer.concat([
      gzipSync(files.subarray(0, -END.length)),
      gzipSync(Buffer.concat([toc, END])),
      footer,
    ])
    const indexed = await indexBytes(bytes)
    expect(indexed.reason).toBeUndefined()
    expect(listed(indexed)).toEqual(['file a', 'file stargz.index.json'])
  })

  it('skips what zstd:chunked says in frames of its own', async () => {
    const lies = Buffer.from('{"entries":[{"name":"other"}]}')
    const frame = frameOf(lies.length).subarray(0, 8)
    const indexed = await indexBytes(Buffer.concat([zstdCompressSync(files), frame, lies]))
    expect(indexed.reason).toBeUndefined()
    expect(listed(indexed)).toEqual(['file a'])
  })
})

describe('numbers beyond all sense (H32)', () => {
  it('are kept as they are', async () => {
    const { entries, reason } = await indexBytes(
      archive(
        pax({ mtime: '-1.5', uid: '-1', gid: '4294967295' }),
        member({ name: 'early' }),
        pax({ mtime: '253402300799' }),
        member({ name: 'late', mode: 0o7777777 }),
        pax({ mtime: '99999999999999999999' }),
        member({ name: 'never' }),
      ),
    )
    expect(reason).toBeUndefined()
    const found = (wanted: string) => entries.find(({ name }) => name === wanted)
    expect(found('early')).toMatchObject({ mtime: -1.5, uid: -1, gid: 4294967295 })
    expect(found('late')).toMatchObject({ mtime: 253402300799 })
    expect(found('never')?.mtime).toBe(1e20)
  })

  it('and extended attributes, up to a budget', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, at) => [`SCHILY.xattr.user.${at}`, 'v']),
    )
    const { entries, reason } = await indexBytes(
      archive(
        pax({ 'SCHILY.xattr.security.capability': '\x01\0\0\x02\0\xff' }),
        member({ name: 'capable' }),
        pax(many),
        member({ name: 'many' }),
      ),
    )
    expect(reason).toBeUndefined()
    const found = (wanted: string) => entries.find(({ name }) => name === wanted)
    expect(found('capable')?.xattrs).toEqual([['security.capability', '\x01\0\0\x02\0\xff']])
    expect(found('many')?.xattrs).toHaveLength(256)
    expect(flagNames(found('many')?.flags ?? 0)).toEqual(['manyXattrs'])
  })

  it('are damage where they say how much follows', async () => {
    const { verdict } = await indexBytes(archive(pax({ size: '99999999999999999999' }), header({})))
    expect(verdict).toBe('damaged')
  })
})
