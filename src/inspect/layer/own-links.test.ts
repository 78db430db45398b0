import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { array, assert, asyncProperty, constantFrom, oneof, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { archive, longName, member } from '../tar/tar-fixture.ts'
import { flagNames, isPlaced, pathOf } from './index-entry.ts'
import { indexBytes } from './layer-fixture.ts'

/** `name/` is a directory, `name -> target` a symbolic link, `name => target` a hard link, all else a file. */
function made(text: string): Buffer {
  const [, name = text, arrow, linkname = ''] = /^(.*) ([-=])> (.*)$/.exec(text) ?? []
  if (arrow !== undefined) return member({ name, type: arrow === '=' ? '1' : '2', linkname })
  return member({ name, type: name.endsWith('/') ? '5' : '0' })
}

const indexed = (entries: readonly string[]) => indexBytes(archive(...entries.map(made)))

/** What stands in the tree, as `made` writes it. */
async function tree(entries: readonly string[]): Promise<string[]> {
  const { entries: all } = await indexed(entries)
  return all
    .filter((entry) => isPlaced(entry) && entry.name !== '')
    .map((entry) => {
      const path = pathOf(entry)
      if (entry.kind === 'symlink') return `${path} -> ${entry.linkname}`
      if (entry.kind === 'hardlink') return `${path} => ${entry.linkname}`
      if (entry.kind === 'dir') return `${path}/`
      return entry.kind === 'whiteout' ? `without ${path}` : path
    })
    .sort()
}

// What podman, umoci and containerd make of each, or those of them that take it.
describe('what is named through a symbolic link of its own layer lies where that leads', () => {
  it.each([
    ['to a directory', ['d/', 'l -> d', 'l/x'], ['d/', 'd/x', 'l -> d']],
    [
      'to one that nobody wrote',
      ['l -> no/where', 'l/x'],
      ['l -> no/where', 'no/', 'no/where/', 'no/where/x'],
    ],
    ['from the root', ['a/d/', 'a/l -> /a/d', 'a/l/x'], ['a/', 'a/d/', 'a/d/x', 'a/l -> /a/d']],
    [
      'up, and no further than the root',
      ['a/l -> ../../../d', 'a/l/x'],
      ['a/', 'a/l -> ../../../d', 'd/', 'd/x'],
    ],
    ['to the root', ['a/l -> /', 'a/l/x'], ['a/', 'a/l -> /', 'x']],
    ['to where it is', ['d/l -> .', 'd/l/l/x'], ['d/', 'd/l -> .', 'd/x']],
    ['by another', ['d/', 'l -> m', 'm -> d', 'l/x'], ['d/', 'd/x', 'l -> m', 'm -> d']],
    [
      'that lies behind another',
      ['l -> d', 'l/k -> ../e', 'l/k/x'],
      ['d/', 'd/k -> ../e', 'e/', 'e/x', 'l -> d'],
    ],
    ['that a hard link is, too', ['l -> d', 'h => l', 'h/x'], ['d/', 'd/x', 'h => l', 'l -> d']],
    ['that is gone afterwards', ['d/', 'l -> d', 'l/x', 'l'], ['d/', 'd/x', 'l']],
    ['a directory', ['l -> d', 'l/e/', 'l/e/x'], ['d/', 'd/e/', 'd/e/x', 'l -> d']],
    [
      'a hard link and what it leads to',
      ['l -> d', 'd/x', 'l/h => l/x'],
      ['d/', 'd/h => d/x', 'd/x', 'l -> d'],
    ],
    ['a whiteout', ['l -> d', 'l/.wh.x'], ['d/', 'l -> d', 'without d/x']],
  ])('%s', async (_, entries, left) => {
    expect(await tree(entries)).toEqual(left)
  })

  it('and says so', async () => {
    const { entries } = await indexed(['d/', 'd/y', 'l -> d', 'l/x', 'l/.wh..wh..opq'])
    const flags = entries.map(({ kind, flags: set, ...entry }) => [kind, pathOf(entry), ...flagNames(set)])
    expect(flags).toContainEqual(['file', 'd/x', 'throughLink'])
    expect(flags).toContainEqual(['opaque', 'd/', 'throughLink'])
    expect(flags).toContainEqual(['file', 'd/y'])
  })

  it.each([
    ['before the link came', ['d/', 'l/x', 'l -> d'], ['d/', 'l -> d']],
    ['when something else came in its place', ['d/', 'l -> d', 'l/', 'l/x'], ['d/', 'l/', 'l/x']],
    ['when its directory is gone', ['a/l -> /d', 'a', 'a/', 'a/l/x'], ['a/', 'a/l/', 'a/l/x']],
    ['when it leads round', ['l -> m', 'm -> l', 'l/x'], ['l/', 'l/x', 'm -> l']],
    ['the link itself', ['d/', 'l -> d', 'l -> e'], ['d/', 'l -> e']],
    ['what it hides of lower layers', ['d/', 'l -> d', '.wh.l'], ['d/', 'l -> d', 'without l']],
  ])('but not %s', async (_, entries, left) => {
    expect(await tree(entries)).toEqual(left)
  })

  it('nor where there are more links than are kept in mind, and a warning says so', async () => {
    const far = `${'far/'.repeat(1000)}away`
    const many = Array.from({ length: 8000 }, (_, at) => [
      longName(far, 'K'),
      member({ name: `links/${at}`, type: '2' }),
    ])
    const { entries, facts } = await indexBytes(archive(...many.flat(), ...['l -> d', 'l/x'].map(made)))
    expect(entries.filter(isPlaced).map(pathOf)).toContain('l/x')
    expect(facts.warnings.join()).toContain('more symbolic links than are followed')
  })

  it('as the system does, in whatever order', async () => {
    const path = constantFrom('d', 'd/e', 'l', 'l/k', 'd/l', 'l/e/x', 'd/k/l', 'k/x')
    const target = constantFrom('d', 'l', '.', '..', 'e', '../d', 'd/e', '../l/e', 'k')
    const entry = oneof(
      path,
      path.map((name) => `${name}/`),
      record({ path, target }).map((link) => `${link.path} -> ${link.target}`),
    )
    let compared = 0
    await assert(
      asyncProperty(array(entry, { minLength: 2, maxLength: 7 }), async (entries) => {
        const theirs = bySystem(entries)
        if (theirs === undefined) return
        compared += 1
        expect(await tree(entries)).toEqual(theirs)
      }),
      { numRuns: 200 },
    )
    expect(compared).toBeGreaterThan(50)
  })
})

/** Unpacked by the operating system, which follows links by itself; undefined when it refuses, or leaves the directory. */
function bySystem(entries: readonly string[]): string[] | undefined {
  const above = mkdtempSync(join(realpathSync(tmpdir()), 'lamina-links-'))
  const root = join(above, 'root')
  mkdirSync(root)
  try {
    for (const entry of entries) unpack(root, entry)
    return readdirSync(above).length === 1 ? found(root, '').sort() : undefined
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    return undefined
  } finally {
    rmSync(above, { recursive: true, force: true })
  }
}

function unpack(root: string, entry: string): void {
  const [name = '', target] = entry.split(' -> ')
  const path = join(root, name.replace(/\/$/, ''))
  mkdirSync(dirname(path), { recursive: true })
  const there = lstatSync(path, { throwIfNoEntry: false })
  if (name.endsWith('/') && there?.isDirectory() === true) return
  rmSync(path, { recursive: true, force: true })
  if (target !== undefined) symlinkSync(target, path)
  else if (name.endsWith('/')) mkdirSync(path)
  else writeFileSync(path, '')
}

function found(root: string, directory: string): string[] {
  return readdirSync(join(root, directory)).flatMap((name) => {
    const path = directory === '' ? name : `${directory}/${name}`
    const stats = lstatSync(join(root, path))
    if (stats.isSymbolicLink()) return [`${path} -> ${readlinkSync(join(root, path))}`]
    return stats.isDirectory() ? [`${path}/`, ...found(root, path)] : [path]
  })
}
