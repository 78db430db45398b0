import { expect, test } from 'vitest'
import { type FileFilter, foundText, questionOf, readFilter, sizeIn } from './file-filter.ts'

const NONE: FileFilter = { find: '', match: '', min: undefined, max: undefined, type: '', rights: '' }

test.each([
  ['0', 0],
  ['1500', 1500],
  ['10 MB', 10_000_000],
  ['1.5kb', 1500],
  ['2 GB ', 2_000_000_000],
  ['', undefined],
  ['ten', undefined],
  ['-1', undefined],
  ['1 MiB', undefined],
])('%j as a size is %s', (text, bytes) => {
  expect(sizeIn(text)).toBe(bytes)
})

test('an address says which files are looked for', () => {
  const read = (text: string) => readFilter(new URLSearchParams(text))
  expect(read('ref=a/b:c&files=size')).toBeUndefined()
  expect(read('min=&type=')).toBeUndefined()
  expect(read('type=constructor&rights=toString')).toBeUndefined()
  expect(read('find=x&match=other')).toEqual({ ...NONE, find: 'x' })
  expect(read('min=1 MB&type=dir&rights=open')).toEqual({ ...NONE, min: 1e6, type: 'dir', rights: 'open' })
})

test('the server is asked in its own words', () => {
  expect(questionOf({ ...NONE, find: '*.pem', match: 'glob' }, false)).toMatchObject({ glob: '*.pem' })
  expect(questionOf({ ...NONE, find: 'a', max: 5, rights: 'setid' }, true)).toMatchObject({
    q: 'a',
    maxSize: 5,
    flags: ['setuid', 'setgid'],
    sort: 'size',
  })
})

test.each([
  [{ find: 'x' }, 0, false, 'No file with “x” in the path'],
  [{ find: 'x' }, 1, false, '1 file with “x” in the path'],
  [{ find: '*.pem', match: 'glob' }, 200, true, '200 files, and more, that fit “*.pem”'],
  [{ min: 1000 }, 200, true, '200 files, and more, of 1 kB or more'],
  [{ min: 1e6, rights: 'open' }, 2, false, '2 files, of 1 MB or more, writable by anyone'],
  [{ type: 'dir', find: 'lib' }, 1, false, '1 directory with “lib” in the path'],
  [{ type: 'symlink' }, 1, false, '1 symbolic link'],
  [{ type: 'special', max: 0 }, 0, false, 'No device or pipe, of 0 B at most'],
] as const)('%j, %i of them', (filter, count, more, text) => {
  expect(foundText({ ...NONE, ...filter }, count, more)).toBe(text)
})
