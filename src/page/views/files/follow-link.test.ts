import { expect, test } from 'vitest'
import type { LayerEntry } from '../../api/schema.generated.ts'
import { type FilePath, readFilePath } from './file-path.ts'
import { followLink } from './follow-link.ts'

const LINKS: Readonly<Record<string, string>> = {
  bin: 'usr/bin',
  lib: '/usr/lib/',
  'usr/bin/awk': '/etc/alternatives/awk',
  'etc/alternatives/awk': '/usr/bin/mawk',
  'usr/lib/up': '../../../..//bin/./mawk',
  'usr/lib/through': '../../bin/../lib/os-release',
  'usr/lib/here': '.',
  'usr/lib/lost': 'nowhere/at/all',
  'usr/lib/behind': 'os-release/file',
  'usr/lib/self': 'self',
  'usr/lib/one': 'two',
  'usr/lib/two': '../../lib/one',
}
const DIRECTORIES = ['etc', 'etc/alternatives', 'usr', 'usr/bin', 'usr/lib']
const FILES = ['usr/bin/mawk', 'usr/lib/os-release']

test.each([
  ['usr/bin/awk', 'usr/bin/mawk file'],
  ['bin', 'usr/bin dir'],
  ['lib', 'usr/lib dir'],
  ['usr/lib/up', 'usr/bin/mawk file'],
  // `..` is that of where a link on the way led to.
  ['usr/lib/through', 'usr/lib/os-release file'],
  ['usr/lib/here', 'usr/lib'],
  ['usr/lib/lost', undefined],
  ['usr/lib/behind', undefined],
  ['usr/lib/self', undefined],
  ['usr/lib/one', undefined],
])('the link %s leads to %s', async (path, end) => {
  const link = { path }
  const reached = await followLink(link, entryAt(link) ?? entry('file', ''), async (at) => entryAt(at))
  expect(reached && [pathOf(reached.path), reached.entry?.type].join(' ').trim()).toBe(end)
})

test('a link may lead through names that are no UTF-8', async () => {
  const raw = btoa('usr/\u00ff')
  const link = { ...entry('symlink', 'usr/\\xff'), linknameRaw: raw }
  const reached = await followLink({ path: 'link' }, link, async (at) =>
    'path' in at ? entryAt(at) : entry('file', ''),
  )
  expect(reached?.path).toEqual(readFilePath(new URLSearchParams({ pathRaw: raw })))
})

function entryAt(at: FilePath): LayerEntry | undefined {
  const path = pathOf(at)
  const link = LINKS[path]
  if (link !== undefined) return entry('symlink', link)
  if (DIRECTORIES.includes(path)) return entry('dir', '')
  return FILES.includes(path) ? entry('file', '') : undefined
}

function pathOf(path: FilePath): string {
  return 'path' in path ? path.path : path.pathRaw
}

function entry(type: LayerEntry['type'], linkname: string): LayerEntry {
  return { name: '', type, linkname, size: 0, mode: 0, uid: 0, gid: 0, uname: '', gname: '', mtime: null }
}
