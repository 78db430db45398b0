import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { indexBytes } from '../layer/layer-fixture.ts'
import { archive, member } from '../tar/tar-fixture.ts'
import { packageFilesIn } from './package-files.ts'
import { MOST_PACKAGES, packagesIn } from './package-lists.ts'
import { packagesOf } from './packages.ts'

describe('a list of packages that anyone wrote', () => {
  test('says nothing in lines that are a page long, which are not looked into', async () => {
    const text = `Package: a${' '.repeat(40_000)}b\nVersion: 1\n\nPackage: c\nVersion: 1\n`
    expect(await packagesIn('dpkg', Buffer.from(text))).toEqual([{ type: 'deb', name: 'c', version: '1' }])
  })

  test('lets others have their turn while it is read', async () => {
    const order: string[] = []
    const reading = packagesIn('apk', Buffer.alloc(4 << 20, '\n')).then((packages) => {
      order.push('read')
      return packages
    })
    for (let turn = 0; turn < 8; turn += 1) await setImmediate()
    order.push('others')
    expect(await reading).toEqual([])
    expect(order).toEqual(['others', 'read'])
  })

  test('gives one more than are shown, and no more', async () => {
    const text = 'P:a\nV:1\n\n'.repeat(MOST_PACKAGES + 50)
    expect(await packagesIn('apk', Buffer.from(text))).toHaveLength(MOST_PACKAGES + 1)
  })

  test('names no package in a page', async () => {
    const long = 'x'.repeat(1001)
    expect(await packagesIn('apk', Buffer.from(`P:a\nV:${long}\n\nP:b\nV:1\n`))).toHaveLength(1)
    expect(await packagesIn('npm', Buffer.from(`{"name":"a","version":"${long}"}`))).toEqual([])
  })

  test('is not held for each layer that has it, when these have more than systems have', async () => {
    const list = Buffer.from('P:a\nV:1\n\n'.repeat(MOST_PACKAGES))
    const layers = await Promise.all(
      Array.from({ length: 12 }, () => indexBytes(archive(member({ name: 'lib/apk/db/installed' }, list)))),
    )
    const found = await packagesOf(
      layers.map(({ reader }) => reader),
      (_, files) => Promise.resolve(files.map(() => list)),
    )
    expect([found.packages.length, found.more]).toEqual([0, true])
    expect(found.unread).toEqual([{ path: 'lib/apk/db/installed', layer: 11 }])
  })
})

test('files that thousands of layers ship are not all held', async () => {
  const names = Array.from({ length: 50 }, (_, index) =>
    member({ name: `var/lib/dpkg/status.d/p${index}` }, 'x'),
  )
  const { reader } = await indexBytes(archive(...names))
  const { files, more } = await packageFilesIn(Array.from({ length: 1000 }, () => reader))
  expect([files.length, more]).toEqual([21, true])
})

describe('a database of rpm that anyone wrote', () => {
  const varint = (value: number): Buffer =>
    value < 128 ? Buffer.from([value]) : Buffer.from([128 + Math.floor(value / 128), value % 128])
  const textType = (text: string): number => 13 + 2 * text.length

  /** A row as SQLite writes it: types of the columns, and what is in them. */
  function row(types: readonly number[], data: Buffer): Buffer {
    const said = Buffer.concat(types.map(varint))
    const head = varint(said.length + (said.length < 127 ? 1 : 2))
    const size = varint(head.length + said.length + data.length)
    return Buffer.concat([size, varint(1), head, said, data])
  }

  /** A page of `count` rows that all lie in the same place. */
  function leaf(size: number, same: Buffer, { count = 1, at = 0 } = {}): Buffer {
    const page = Buffer.alloc(size)
    const place = size - same.length
    same.copy(page, place)
    page[at] = 13
    page.writeUInt16BE(count, at + 3)
    for (let cell = 0; cell < count; cell += 1) page.writeUInt16BE(place, at + 8 + 2 * cell)
    return page
  }

  /** A page of which the only child is another. */
  function interior(size: number, child: number): Buffer {
    const page = Buffer.alloc(size)
    page[0] = 5
    page.writeUInt32BE(child, 8)
    return page
  }

  function database(size: number, root: readonly [type: number, value: Buffer], ...pages: Buffer[]): Buffer {
    const types = [textType('table'), textType('Packages'), textType('Packages'), root[0], 0]
    const first = leaf(size, row(types, Buffer.concat([Buffer.from('tablePackagesPackages'), root[1]])), {
      at: 100,
    })
    first.write('SQLite format 3\0', 'latin1')
    first.writeUInt16BE(size === 65_536 ? 1 : size, 16)
    return Buffer.concat([first, ...pages])
  }
  const second = [1, Buffer.from([2])] as const

  test('is read where it is sound', async () => {
    expect(await packagesIn('rpm', database(512, second, leaf(512, row([0, 0], Buffer.alloc(0)))))).toEqual(
      [],
    )
  })

  test('whose table begins at a text is none', async () => {
    const text = 'somewhere'
    expect(
      await packagesIn('rpm', database(512, [textType(text), Buffer.from(text)], Buffer.alloc(512))),
    ).toBeUndefined()
  })

  test('whose rows are all the same large one is none', async () => {
    const wide = row(
      Array.from({ length: 16_000 }, () => 0),
      Buffer.alloc(0),
    )
    const file = database(65_536, second, leaf(65_536, wide, { count: 20_000 }))
    expect(await packagesIn('rpm', file)).toBeUndefined()
  })

  test('whose tree is a thread is none', async () => {
    const pages = Array.from({ length: 5000 }, (_, index) => interior(512, index + 3))
    const file = database(512, second, ...pages, leaf(512, row([0, 0], Buffer.alloc(0)), { count: 200 }))
    expect(await packagesIn('rpm', file)).toBeUndefined()
  })
})
