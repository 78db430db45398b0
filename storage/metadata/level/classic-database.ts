import { ClassicLevel } from 'classic-level'
import type { LevelDatabase } from './level-database.ts'

/**
 * Bytes of the log before LevelDB begins a new one. It creates and removes files under the lock that every read takes
 * for a moment: with a log of 4 MiB, its default, reads waited 15 ms for a disk every few seconds.
 */
const LOG_BYTES = 16 << 20
const TABLE_BYTES = 8 << 20

/**
 * The LevelDB in `directory`, not yet open. Several of them in one process are one database, open until the last of them
 * is closed; the one that was opened first has to be closed last.
 */
export function createClassicLevel(directory: string): LevelDatabase {
  return new ClassicLevel<Uint8Array, Uint8Array>(directory, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    multithreading: true,
    writeBufferSize: LOG_BYTES,
    maxFileSize: TABLE_BYTES,
  })
}
