import { open, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { describeBytes } from './files/describe-bytes.ts'

const NAME = 'last-version'

/** What was known of a database when it was closed, or a while before. */
export interface LastVersion {
  /** The last version that it held; 0 where that is not known. */
  readonly version: bigint
  /** Its logs when it was closed, by name; none when it was not. */
  readonly logs: ReadonlyMap<string, string>
}

/**
 * The last version that the database in `directory` was known to hold, from a file of its own: whoever empties the
 * database's log, or cuts off its end, leaves one that looks whole. It is written now and then, so it may be behind, and never
 * is ahead. Nothing is known where it is not there, or damaged itself.
 */
export async function readLastVersion(directory: string): Promise<LastVersion> {
  try {
    const line = await readFile(join(directory, NAME), 'latin1')
    const [, text = '', version = '', logs = ''] = /^((\d+)((?: [^ ]+=[^ ]+)*)) \d+\n$/.exec(line) ?? []
    if (version === '' || line !== lineOf(text)) return NOTHING
    const pairs = logs.split(' ').slice(1)
    return { version: BigInt(version), logs: new Map(pairs.map(pairIn)) }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return NOTHING
    throw error
  }
}

/** With `isClosed` also what the logs are, so that the next start need not look at each of their records. */
export async function writeLastVersion(directory: string, version: bigint, isClosed = false): Promise<void> {
  const logs = isClosed ? await describeLogs(directory) : []
  const path = join(directory, NAME)
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(lineOf([version, ...logs].join(' ')))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}

const NOTHING: LastVersion = { version: 0n, logs: new Map() }

async function describeLogs(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.log'))
  return Promise.all(
    names.map(async (name) => `${name}=${describeBytes(await readFile(join(directory, name)))}`),
  )
}

function pairIn(text: string): readonly [string, string] {
  const [name = '', what = ''] = text.split('=')
  return [name, what]
}

function lineOf(text: string): string {
  return `${text} ${crc32(text)}\n`
}
