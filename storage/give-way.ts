import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import { basename } from 'node:path'

/** Steps of niceness: five leave a thread a third of the time of another that wants the same core, which goes first. */
const STEPS = 5
const NICEST = 19
const TASKS = '/proc/self/task'
/** The threads that collect memory and compile, for all threads of the process alike. */
const HELPER = 'V8Worker'

/**
 * Lets the thread that calls it stand back behind those that answer requests, and V8's helpers with it: what they do for
 * this thread would else go before every request. Linux counts priorities by thread; elsewhere, and where /proc is not to
 * be seen, all threads stay equal.
 */
export function giveWay(): void {
  if (process.platform !== 'linux') return
  try {
    const own = Number(basename(readlinkSync('/proc/thread-self')))
    stepBack(own, getPriority(own))
    for (const thread of readdirSync(TASKS))
      if (nameOf(thread) === HELPER) stepBack(Number(thread), getPriority(process.pid))
  } catch {
    // Without it the work is no less right; others only feel it more.
  }
}

function stepBack(thread: number, from: number): void {
  setPriority(thread, Math.min(from + STEPS, NICEST))
}

function nameOf(thread: string): string {
  return readFileSync(`${TASKS}/${thread}/comm`, 'latin1').trim()
}
