import { StoreDamaged } from '../../../store-errors.ts'
import { ByteCursor } from './byte-cursor.ts'
import { logRecords } from './log-records.ts'

/** What a database consists of, as its MANIFEST says. */
export interface VersionState {
  /** Number of the first log that is not in tables yet; 0 in a database that is being made. */
  readonly log: number
  /** Of a change that is there. */
  readonly lastSequence: bigint
  /** Bytes of each table, by number. */
  readonly tables: ReadonlyMap<number, number>
}

/** Throws StoreDamaged. */
export function readVersionState(manifest: Buffer): VersionState {
  const state = { log: 0, lastSequence: 0n, tables: new Map<number, number>() }
  let isBegun = false
  for (const { bytes, afterDamage } of logRecords(manifest)) {
    if (afterDamage) throw new StoreDamaged('records in its middle are damaged')
    isBegun = true
    const cursor = new ByteCursor(bytes)
    while (!cursor.isAtEnd) applyField(state, cursor)
  }
  if (!isBegun) throw new StoreDamaged('nothing in it is whole')
  return state
}

/** One field of a version edit (db/version_edit.cc). */
function applyField(
  state: { log: number; lastSequence: bigint; readonly tables: Map<number, number> },
  cursor: ByteCursor,
): void {
  const tag = cursor.varint()
  const known: Readonly<Record<number, () => void>> = {
    1: () => cursor.slice(), // Name of the order of keys.
    2: () => (state.log = cursor.varint()),
    3: () => cursor.varint(), // Next number of a file.
    4: () => (state.lastSequence = BigInt(cursor.varint())),
    5: () => [cursor.varint(), cursor.slice()], // Where the next compaction of a level begins.
    6: () => [cursor.varint(), state.tables.delete(cursor.varint())],
    7: () => {
      cursor.varint()
      state.tables.set(cursor.varint(), cursor.varint())
      cursor.slice()
      cursor.slice()
    },
    9: () => cursor.varint(), // A log of an older LevelDB.
  }
  const apply = known[tag]
  if (apply === undefined) throw new StoreDamaged(`it holds a field ${tag}, which nobody knows`)
  apply()
}
