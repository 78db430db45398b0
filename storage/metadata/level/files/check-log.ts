import { StoreDamaged } from '../../../store-errors.ts'
import { logRecords } from './log-records.ts'

/** Sequence number (8 bytes) and count (4) of the changes in a batch. */
const BATCH_HEADER = 12

/**
 * Throws StoreDamaged when changes are missing from a log of which later ones are there: LevelDB would begin without them,
 * and say nothing. What power took at the end of the log is not damage: nobody was told that it is stored, and nothing is
 * behind it. `next` is the number of the first change that may be unknown, undefined where nobody has looked; gives that behind
 * this log.
 */
export function checkLog(log: Buffer, next: bigint | undefined): bigint {
  let behind = next
  /** Where this log goes on; unknown before its first record. */
  let here = 0n
  let end = 0
  for (const { bytes, afterDamage, ...record } of logRecords(log)) {
    if (bytes.length < BATCH_HEADER) continue
    const first = bytes.readBigUInt64LE(0)
    // Stale blocks of a log from before may lie behind the end of one that power cut.
    if (first < here) continue
    if (afterDamage) throw new StoreDamaged(`records behind byte ${end} are damaged`)
    behind ??= first
    if (first > behind) throw new StoreDamaged('records before its first are missing')
    end = record.end
    here = first + BigInt(bytes.readUInt32LE(8))
    if (here > behind) behind = here
  }
  return behind ?? 0n
}
