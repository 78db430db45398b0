import { readlinkSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import { basename } from 'node:path'

/** Steps of niceness: five leave a thread a third of the time of another that wants the same core, which goes first. */
const STEPS = 5
const NICEST = 19

/**
 * Lets the thread that calls it stand back behind those that answer requests. Linux counts priorities by thread; elsewhere,
 * and where /proc is not to be seen, all threads stay equal.
 */
export function giveWay(): void {
  if (process.platform !== 'linux') return
  try {
    const thread = Number(basename(readlinkSync('/proc/thread-self')))
    setPriority(thread, Math.min(getPriority(thread) + STEPS, NICEST))
  } catch {
    // Without it the work is no less right; others only feel it more.
  }
}
