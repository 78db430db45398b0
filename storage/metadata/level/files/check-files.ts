import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StoreDamaged } from '../../../store-errors.ts'
import { checkLog } from './check-log.ts'
import { checkSize, checkTable, checkTableRecords } from './check-table.ts'
import { describeBytes } from './describe-bytes.ts'
import { readVersionState, type VersionState } from './version-state.ts'

/** How much of a database is looked at. */
interface Looking {
  /** Has all that is in tables read; awaited after each piece. */
  readonly everything?: () => Promise<void>
  /** What logs were when the database was closed: of those that still are, the records are not looked at again. */
  readonly closed?: ReadonlyMap<string, string>
}

/** So often a database that changes meanwhile is looked at again. */
const TRIES = 20

/**
 * Throws StoreDamaged, naming the file, when files of the LevelDB in `directory` are not what was written, and LevelDB
 * would say nothing: it begins without what a damaged or missing log held, and takes what a damaged filter or index does not
 * name for absent. Of tables only the size is looked at, so that a start takes no longer when there are many, unless
 * `everything` is asked for. Nothing is changed; a process that has the database open may go on.
 */
export async function checkFiles(directory: string, how: Looking = {}): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const before = await currentState(directory)
    if (before === undefined) return
    try {
      return await checkState(directory, before.state, how)
    } catch (error) {
      // What was looked at may have been replaced meanwhile.
      const now = await currentState(directory)
      if (tries >= TRIES || now?.manifest.equals(before.manifest) === true) throw error
    }
  }
}

/** What the database consists of; undefined where there is none yet. */
async function currentState(directory: string) {
  const names = await readdir(directory).catch(absent)
  if (names === undefined || !names.includes('CURRENT')) return undefined
  const name = (await readFile(join(directory, 'CURRENT'), 'latin1')).trimEnd()
  const manifest = await readFile(join(directory, name)).catch(absent)
  if (manifest === undefined) return undefined
  return { manifest, state: await inFile(directory, name, () => readVersionState(manifest)) }
}

async function checkState(
  directory: string,
  { log, lastSequence, tables }: VersionState,
  { everything, closed }: Looking,
): Promise<void> {
  let next: bigint | undefined = lastSequence + 1n
  for (const name of await logsFrom(directory, log)) {
    const bytes = await readFile(join(directory, name))
    const before: bigint | undefined = next
    const isKnown = closed?.get(name) === describeBytes(bytes)
    next = isKnown ? undefined : await inFile(directory, name, () => checkLog(bytes, before))
  }
  const names = new Set(await readdir(directory))
  for (const [number, size] of tables) {
    // Tables of an old LevelDB are called .sst.
    const name = [nameOf(number, 'ldb'), nameOf(number, 'sst')].find((one) => names.has(one))
    if (name === undefined) throw lost(directory, nameOf(number, 'ldb'))
    await inFile(directory, name, () => checkTableFile(join(directory, name), size, everything))
  }
}

async function checkTableFile(
  path: string,
  size: number,
  everything: (() => Promise<void>) | undefined,
): Promise<void> {
  if (everything === undefined) return checkSize(await stat(path), size)
  const file: FileHandle = await open(path)
  try {
    await checkTableRecords(file, await checkTable(file, size), everything)
  } finally {
    await file.close()
  }
}

/** Logs whose changes are not in tables yet, the oldest first. LevelDB makes a log before its MANIFEST names it. */
async function logsFrom(directory: string, first: number): Promise<string[]> {
  const numbers = (await readdir(directory))
    .filter((name) => /^\d+\.log$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .filter((number) => number >= first)
    .toSorted((one, other) => one - other)
  if (first > 0 && !numbers.includes(first)) throw lost(directory, nameOf(first, 'log'))
  return numbers.map((number) => nameOf(number, 'log'))
}

async function inFile<Result>(
  directory: string,
  name: string,
  work: () => Promise<Result> | Result,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof StoreDamaged)) throw error
    throw new StoreDamaged(`the file ${name} of the database in ${directory} is damaged: ${error.message}`, {
      cause: error,
    })
  }
}

function nameOf(number: number, ending: string): string {
  return `${String(number).padStart(6, '0')}.${ending}`
}

function lost(directory: string, name: string): StoreDamaged {
  return new StoreDamaged(`the database in ${directory} has lost its file ${name}`)
}

function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}
