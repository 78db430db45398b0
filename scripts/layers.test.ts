import { basename, dirname } from 'node:path/posix'
import { expect, test } from 'vitest'
import { type Import, importsOf } from './imports.ts'
import { CONFORMANCE_LAYER, isTest, LAYERS, TEST_LAYER, TEST_LAYERS } from './layers.ts'
import { projectFiles } from './project-files.ts'

const files = await projectFiles('src/**/*.{ts,tsx}', 'storage/**/*.ts')
const imports = files.flatMap(importsOf)
const outside = (await projectFiles('conformance/**/*.ts')).flatMap(importsOf)

/** Where a right comes from, for the check that each is used. */
interface Grant {
  readonly row: string
  readonly entry: string
}

test('every file belongs to a row, and every row has files', () => {
  const rows = files.map(rowOf)
  expect(files.filter((_, index) => LAYERS[rows[index] ?? ''] === undefined)).toEqual([])
  expect(Object.keys(LAYERS).filter((row) => !rows.includes(row))).toEqual([])
  expect(Object.keys(TEST_LAYERS).filter((row) => !rows.includes(row))).toEqual([])
})

test('nobody imports what its row does not list', () => {
  expect(imports.filter((one) => !isOwnFolder(one) && grantOf(one) === undefined).map(show)).toEqual([])
})

test('nobody has a right that it does not use', () => {
  const used = new Set(imports.map((one) => JSON.stringify(grantOf(one))))
  const given: Grant[] = [
    ...grantsOf(LAYERS),
    ...grantsOf(TEST_LAYERS).map(({ row, entry }) => ({ row: `tests of ${row}`, entry })),
    ...TEST_LAYER.map((entry) => ({ row: 'tests', entry })),
  ]
  expect(given.filter((grant) => !used.has(JSON.stringify(grant)))).toEqual([])
})

test('nothing imports itself in a circle, not even a type', () => {
  const graph = Map.groupBy(
    imports.filter(({ lazy }) => !lazy),
    ({ file }) => file,
  )
  expect(circle(graph)).toBeUndefined()
})

test('src and storage have no barrels: whoever imports names the file that it needs', () => {
  expect(files.filter((file) => basename(file) === 'index.ts')).toEqual([])
})

test('conformance sees the registry from outside', () => {
  const inside = ({ target }: Import) => !target.startsWith('conformance/')
  const refused = outside.filter(
    (one) => inside(one) && !CONFORMANCE_LAYER.some((entry) => covers(entry, one)),
  )
  expect(refused.map(show)).toEqual([])
  expect(CONFORMANCE_LAYER.filter((entry) => !outside.some((one) => covers(entry, one)))).toEqual([])
})

/** A test has the row of what it tests: `src/log.test.ts` that of `src/log.ts`. */
function rowOf(file: string): string {
  const tested = file.replace(/\.test\.ts$/, '.ts')
  return LAYERS[tested] === undefined ? dirname(file) : tested
}

function isOwnFolder({ file, target }: Import): boolean {
  const row = rowOf(file)
  return row === target || (row === dirname(file) && row === dirname(target))
}

/** The first entry that allows an import, the folder's own before those of tests. */
function grantOf(one: Import): Grant | undefined {
  const row = rowOf(one.file)
  const own = LAYERS[row]?.find((entry) => covers(entry, one))
  if (own !== undefined) return { row, entry: own }
  if (!isTest(one.file)) return undefined
  const common = TEST_LAYER.find((entry) => covers(entry, one))
  if (common !== undefined) return { row: 'tests', entry: common }
  const special = TEST_LAYERS[row]?.find((entry) => covers(entry, one))
  return special === undefined ? undefined : { row: `tests of ${row}`, entry: special }
}

function covers(entry: string, { target }: Import): boolean {
  if (entry === 'node:*') return target.startsWith('node:')
  return entry === target || (/\.tsx?$/.test(target) && entry === dirname(target))
}

function grantsOf(rows: Readonly<Record<string, readonly string[]>>): Grant[] {
  return Object.entries(rows).flatMap(([row, entries]) => entries.map((entry) => ({ row, entry })))
}

function show({ file, target }: Import): string {
  return `${file} imports ${target}`
}

/** Some circle of imports, as the files on it; undefined when there is none. */
function circle(graph: ReadonlyMap<string, readonly Import[]>): readonly string[] | undefined {
  const done = new Set<string>()
  const walk = (file: string, path: readonly string[]): readonly string[] | undefined => {
    const at = path.indexOf(file)
    if (at >= 0) return [...path.slice(at), file]
    if (done.has(file)) return undefined
    for (const { target } of graph.get(file) ?? []) {
      const found = walk(target, [...path, file])
      if (found !== undefined) return found
    }
    done.add(file)
    return undefined
  }
  for (const file of graph.keys()) {
    const found = walk(file, [])
    if (found !== undefined) return found
  }
  return undefined
}
