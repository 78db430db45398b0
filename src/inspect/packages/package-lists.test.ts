import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { packagesIn } from './package-lists.ts'

test('dpkg: what is installed, not what left its settings behind', async () => {
  const text = `Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2.15-2+b2
Description: GNU Bourne Again SHell
 Version: 9 is no field of its own

Package: gone
Status: deinstall ok config-files
Version: 1

Package: distroless
Version: 2\r

Package: half
`
  expect(await packagesIn('dpkg', Buffer.from(text))).toEqual([
    { type: 'deb', name: 'bash', version: '5.2.15-2+b2', arch: 'amd64' },
    { type: 'deb', name: 'distroless', version: '2' },
  ])
})

test('apk: its letters', async () => {
  const text = 'C:Q1abc=\nP:musl\nV:1.2.4-r2\nA:x86_64\nT:the C library\n\nP:busybox\nV:1.36.1-r5\n\n'
  expect(await packagesIn('apk', Buffer.from(text))).toEqual([
    { type: 'apk', name: 'musl', version: '1.2.4-r2', arch: 'x86_64' },
    { type: 'apk', name: 'busybox', version: '1.36.1-r5' },
  ])
})

test.each([
  ['{"name":"@a/b","version":"1.0.0"}', [{ type: 'npm', name: '@a/b', version: '1.0.0' }]],
  ['{"name":"b"}', []],
  ['{"name":7,"version":{}}', []],
  ['null', undefined],
  ['{', undefined],
])('npm: %s', async (text, packages) => {
  expect(await packagesIn('npm', Buffer.from(text))).toEqual(packages)
})

describe('rpm', () => {
  /** A header as rpm writes it. */
  function header(tags: readonly (readonly [tag: number, type: number, value: Buffer])[]): Buffer {
    const entries: Buffer[] = []
    let at = 0
    for (const [tag, type, value] of tags) {
      const entry = Buffer.alloc(16)
      for (const [index, number] of [tag, type, at, 1].entries()) entry.writeUInt32BE(number, index * 4)
      entries.push(entry)
      at += value.length
    }
    const head = Buffer.alloc(8)
    head.writeUInt32BE(tags.length, 0)
    head.writeUInt32BE(at, 4)
    return Buffer.concat([head, ...entries, ...tags.map(([, , value]) => value)])
  }
  const text = (value: string) => Buffer.from(`${value}\0`)
  const number = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return bytes
  }
  const of = (name: string, filler = 0) =>
    header([
      [1000, 6, text(name)],
      [1001, 6, text('5.1')],
      [1002, 6, text('3.el9')],
      [1003, 4, number(2)],
      [1022, 6, text('x86_64')],
      [1027, 7, Buffer.alloc(filler, 'x')],
    ])

  function database(headers: readonly Buffer[], pageSize = 4096): Buffer {
    const folder = mkdtempSync(join(tmpdir(), 'lamina-rpm-'))
    try {
      const made = new DatabaseSync(join(folder, 'rpmdb.sqlite'))
      made.exec(`PRAGMA page_size=${pageSize}; PRAGMA synchronous=OFF; CREATE TABLE Other (x TEXT);`)
      made.exec('CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)')
      const insert = made.prepare('INSERT INTO Packages (blob) VALUES (?)')
      made.exec('BEGIN')
      for (const one of headers) insert.run(one)
      made.exec('COMMIT')
      made.close()
      return readFileSync(join(folder, 'rpmdb.sqlite'))
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  test.each([
    [1, 0, 4096],
    [3, 100_000, 4096],
    [2000, 30, 512],
    [300, 5000, 65_536],
  ])('%i packages with %i bytes more each, in pages of %i', async (count, filler, pageSize) => {
    const names = Array.from({ length: count }, (_, index) => `p${index}`)
    const file = database(
      names.map((name) => of(name, filler)),
      pageSize,
    )
    expect(await packagesIn('rpm', file)).toEqual(
      names.map((name) => ({ type: 'rpm', name, version: '2:5.1-3.el9', arch: 'x86_64' })),
    )
  })

  test('keys that rpm trusts are no packages', async () => {
    expect(await packagesIn('rpm', database([of('gpg-pubkey'), of('bash')]))).toHaveLength(1)
  })

  test('a file that is none, or damaged anywhere, is read as far as it goes, or not at all', async () => {
    expect(await packagesIn('rpm', Buffer.from('no database'))).toBeUndefined()
    const whole = database(Array.from({ length: 60 }, (_, index) => of(`p${index}`, 300)))
    for (let at = 0; at < whole.length; at += 37)
      for (const value of [0, 0x7f, 0xff]) {
        const damaged = Buffer.from(whole)
        damaged[at] = value
        await packagesIn('rpm', damaged)
      }
    for (const length of [99, 100, 4096, 5000, whole.length - 1])
      await packagesIn('rpm', whole.subarray(0, length))
  })
})
