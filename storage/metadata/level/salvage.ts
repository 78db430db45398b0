import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { StoreDamaged, StoreUnavailable } from '../../store-errors.ts'
import type { Stored } from '../metadata-store.ts'
import { createClassicLevel } from './classic-database.ts'
import { takeOutDamagedBlocks } from './files/damaged-blocks.ts'
import { callerKey, keyText, storedKey, toTheEnd } from './keyspace.ts'
import type { Frame, LevelDatabase } from './level-database.ts'
import { isLocked } from './level-errors.ts'
import { openFrame } from './value-frame.ts'

const FRAMES_PER_TRIP = 128
const TABLE = /\.(?:ldb|sst)$/

interface Salvage {
  /** Told of each record whose checksum does not match, and of each table or part that cannot be read at all. */
  readonly onLost: (what: 'record' | 'part') => void
}

interface SalvagedRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/**
 * The records of the damaged database in `directory` that are still as they were written: each carries a checksum of its own,
 * over its key too. Its files are changed by that. Where the newest write of a key is what was damaged, an older one of it may
 * come in its place. Throws StoreUnavailable when a process has it open, StoreDamaged when nothing of it can be read.
 */
export async function* salvageRecords(
  directory: string,
  { onLost }: Salvage,
): AsyncGenerator<SalvagedRecord> {
  const apart = await takeApart(directory, onLost)
  for await (const [key, frame] of framesOf(await openDamaged(directory), onLost)) {
    const stored = storedIn(key, frame)
    const text = keyText(key)
    const other = apart.get(text)
    apart.delete(text)
    const newest =
      stored !== undefined && (other === undefined || other.version < stored.version) ? stored : other
    if (newest === undefined) onLost('record')
    else yield { key: callerKey(key), value: newest.value }
  }
  for (const [text, { value }] of apart) yield { key: callerKey(Buffer.from(text, 'latin1')), value }
}

async function* framesOf(database: LevelDatabase, onLost: Salvage['onLost']): AsyncGenerator<Frame> {
  const frames = database.iterator(toTheEnd(storedKey(new Uint8Array())))
  try {
    for (;;) {
      const page = await frames.nextv(FRAMES_PER_TRIP).catch(() => undefined)
      if (page === undefined) onLost('part')
      if (page === undefined || page.length === 0) return
      yield* page
    }
  } finally {
    await frames.close()
    await database.close()
  }
}

/** Undefined: it is not what was written. */
function storedIn(key: Uint8Array, frame: Uint8Array): Stored | undefined {
  try {
    return openFrame(key, frame)
  } catch (error) {
    if (error instanceof StoreDamaged) return undefined
    throw error
  }
}

/** Takes out of the tables what LevelDB cannot bear; gives the newest records found in that, by their stored keys. */
async function takeApart(directory: string, onLost: Salvage['onLost']): Promise<Map<string, Stored>> {
  const names = await readdir(directory)
  if (!names.some((name) => TABLE.test(name) || name.endsWith('.log')))
    throw new StoreDamaged(`there is no file of a database in ${directory}`)
  const found = new Map<string, Stored>()
  const [first] = storedKey(new Uint8Array())
  for (const name of names.filter((one) => TABLE.test(one))) {
    const path = join(directory, name)
    const { frames, isUsable } = await takeOutDamagedBlocks(path)
    if (!isUsable) {
      onLost('part')
      await rename(path, `${path}.unreadable`)
    }
    for (const [key, frame] of frames) {
      if (key[0] !== first) continue
      const stored = storedIn(key, frame)
      if (stored === undefined) onLost('record')
      else if ((found.get(keyText(key))?.version ?? -1n) < stored.version) found.set(keyText(key), stored)
    }
  }
  return found
}

/**
 * Without a list of its files, or with one of them gone, LevelDB does not open it before it has made a new list. What has no
 * CURRENT it takes for new, and removes all tables; a ClassicLevel opens by itself as soon as it is made.
 */
async function openDamaged(directory: string): Promise<LevelDatabase> {
  const names = await readdir(directory)
  const listed = names.includes('CURRENT')
    ? await opened(directory).catch(unlessLocked(directory))
    : undefined
  if (listed !== undefined) return listed
  try {
    await ClassicLevel.repair(directory)
    return await opened(directory)
  } catch (error) {
    throw new StoreDamaged(`nothing of the database in ${directory} can be read`, { cause: error })
  }
}

async function opened(directory: string): Promise<LevelDatabase> {
  const database = createClassicLevel(directory)
  await database.open()
  return database
}

function unlessLocked(directory: string): (error: unknown) => undefined {
  return (error) => {
    if (!isLocked(error)) return undefined
    throw new StoreUnavailable(`a process has the database in ${directory} open: stop it`, { cause: error })
  }
}
