import { describe, expect, it } from 'vitest'
import { digestIn, piecesOf, placed, without } from './pieces.ts'
import { tarEntries } from './tar-entries.ts'

const END = new Uint8Array(1024)
const HEX = 'ab'.repeat(32)

/** A header as tar programs write it; `size` as text or, above 8 GiB, in GNU's binary form. */
function header(name: string, size: number, type = '0', binary = false): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(512)
  const write = (text: string, at: number) => block.set(new TextEncoder().encode(text), at)
  write(name, 0)
  write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  if (binary) {
    block[124] = 0x80
    new DataView(block.buffer).setBigUint64(128, BigInt(size))
  }
  write('        ', 148)
  write(type, 156)
  write('ustar\u000000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

function body(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text)
  const padded = new Uint8Array(Math.ceil(bytes.length / 512) * 512)
  padded.set(bytes)
  return padded
}

describe('the entries of an archive', () => {
  it('are files and folders with their places', async () => {
    const archive = new Blob([header('dir/', 0, '5'), header('dir/a', 3), body('abc'), header('b', 0), END])
    expect(await tarEntries(archive)).toEqual([
      { path: 'dir/', isFile: false, size: 0, from: 0, to: 512 },
      { path: 'dir/a', isFile: true, size: 3, from: 512, to: 1536 },
      { path: 'b', isFile: true, size: 0, from: 1536, to: 2048 },
    ])
  })

  it('have long names in the forms of GNU and POSIX, and sizes in both', async () => {
    const long = 'x/'.repeat(80)
    const record = `${long.length + 10} path=${long}\n`
    const archive = new Blob([
      header('L', long.length + 1, 'L'),
      body(`${long}\0`),
      header('short', 2, '0', true),
      body('hi'),
      header('x', record.length + 9, 'x'),
      body(`${record}9 size=3\n`),
      header('other', 0),
      body('abc'),
      END,
    ])
    const found = (await tarEntries(archive)) ?? []
    expect(found.map(({ path, size, from, to }) => [path, size, to - from])).toEqual([
      [long, 2, 2048],
      [long, 3, 2048],
    ])
  })

  it.each([
    ['text', new Blob(['hello '.repeat(200)])],
    ['nothing', new Blob([])],
    ['one that is cut', new Blob([header('a', 5000), body('abc')])],
    ['one without an end', new Blob([header('a', 3), body('abc')])],
    ['a header that was changed', new Blob([header('a', 3).fill(120, 0, 1), body('abc'), END])],
  ])('of %s are not known', async (_, archive) => {
    expect(await tarEntries(archive)).toBeUndefined()
  })
})

describe('what is sent', () => {
  it('has the digests that names are', () => {
    expect(digestIn(`blobs/sha256/${HEX}`)).toBe(`sha256:${HEX}`)
    expect(digestIn(`${HEX}.tar`)).toBe(`sha256:${HEX}`)
    expect(digestIn(`sha256:${HEX}`)).toBe(`sha256:${HEX}`)
    expect(digestIn(`${HEX}/layer.tar`)).toBeUndefined()
  })

  it('is the archive without what is known, at the places that progress counts by', async () => {
    const archive = new Blob([
      header('index.json', 2),
      body('{}'),
      header(`${HEX}.tar`, 3),
      body('abc'),
      header('b', 2),
      body('hi'),
      END,
    ])
    const pieces = piecesOf((await tarEntries(archive)) ?? [])
    expect(pieces.map(({ path }) => path)).toEqual([`${HEX}.tar`, 'b'])
    const rest = without(archive, pieces.slice(0, 1))
    expect((await tarEntries(rest))?.map(({ path }) => path)).toEqual(['index.json', 'b'])
    expect([...placed(pieces, new Set([`${HEX}.tar`]))]).toEqual([['b', [1024, 2048]]])
  })
})
