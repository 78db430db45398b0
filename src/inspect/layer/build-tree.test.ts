import { array, assert, asyncProperty, constantFrom } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { archive, member } from '../tar/tar-fixture.ts'
import { flagNames, isPlaced, pathOf } from './index-entry.ts'
import { indexBytes } from './layer-fixture.ts'

/** `name/` is a directory, all else a file of three bytes. */
function layer(names: readonly string[]): Promise<Awaited<ReturnType<typeof indexBytes>>> {
  const members = names.map((name) =>
    name.endsWith('/') ? member({ name, type: '5' }) : member({ name }, name.includes('.wh.') ? '' : '123'),
  )
  return indexBytes(archive(...members))
}

type Tree = Map<string, string>

/** What a layer leaves in an empty directory, unpacked entry by entry: every path with its kind. */
function unpacked(names: readonly string[]): Tree {
  const tree: Tree = new Map()
  const makeDirectories = (path: string): void => {
    const slash = path.lastIndexOf('/')
    if (slash < 0) return
    const above = path.slice(0, slash)
    makeDirectories(above)
    if (tree.get(above) !== 'dir') put(tree, above, 'dir')
  }
  for (const name of names) {
    const path = name.replace(/\/$/, '')
    makeDirectories(path)
    if (!/(?:^|\/)\.wh\./.test(path)) put(tree, path, name.endsWith('/') ? 'dir' : 'file')
  }
  return tree
}

function put(tree: Tree, path: string, kind: string): void {
  if (kind !== 'dir' || tree.get(path) !== 'dir')
    for (const one of tree.keys()) if (one.startsWith(`${path}/`)) tree.delete(one)
  tree.set(path, kind)
}

async function placed(names: readonly string[]): Promise<string[]> {
  const { entries } = await layer(names)
  return entries
    .filter((entry) => isPlaced(entry) && entry.name !== '' && entry.kind !== 'whiteout')
    .map((entry) => `${entry.kind} ${pathOf(entry)}`)
    .sort()
}

function listed(tree: Tree): string[] {
  return [...tree].map(([path, kind]) => `${kind} ${path}`).sort()
}

describe('the tree of a layer is what unpacking it leaves', () => {
  it.each([
    ['a directory, its whiteout, and what is in it', ['d/', '.wh.d', 'd/x']],
    ['a directory, a file in its place, and a directory again', ['d/', 'd/x', 'd', 'd/', 'd/y']],
    ['a file in the place of directories that nobody wrote', ['d/e/x', 'd']],
    ['directories that nobody wrote in the place of a file', ['d', 'd/e/x']],
    ['what comes back below what was lost', ['d/e/', 'd/e/x', 'd', 'd/', 'd/e/y']],
  ])('%s', async (_, names) => {
    expect(await placed(names)).toEqual(listed(unpacked(names)))
  })

  it('in whatever order', async () => {
    const name = constantFrom('d/', 'd', 'd/x', 'd/e/', 'd/e', 'd/e/x', 'd/e/y/z', '.wh.d', 'd.x')
    await assert(
      asyncProperty(array(name, { minLength: 1, maxLength: 8 }), async (names) => {
        expect(await placed(names)).toEqual(listed(unpacked(names)))
      }),
      { numRuns: 100 },
    )
  })

  it('and sums up no more than that', async () => {
    const { reader, facts } = await layer(['d/', 'd/x', 'd/e/y', 'd', 'd/', '.wh.d', 'd/z'])
    expect(facts).toMatchObject({ files: 1, bytes: 3 })
    const directories = (await reader.at('', 'd')).filter((entry) => isPlaced(entry) && entry.kind === 'dir')
    expect(directories.map(({ totals }) => totals)).toEqual([{ files: 1, bytes: 3 }])
  })

  it('while what is lost stays in the list', async () => {
    const { entries } = await layer(['d/', 'd/x', 'd', 'd/', 'd/y'])
    const flags = entries.map((entry) => [pathOf(entry), entry.order, ...flagNames(entry.flags)])
    expect(flags.filter(([path]) => path !== '')).toEqual([
      ['d', 0, 'overridden'],
      ['d', 2, 'overridden'],
      ['d', 3],
      ['d/x', 1, 'overridden'],
      ['d/y', 4],
    ])
  })
})
