import { setTimeout as sleep } from 'node:timers/promises'
import { processorSeconds } from './cpu.ts'

const LOOK_MS = 1000
/** Part of a core that a server without work may take. */
const QUIET = 0.05

/** Waits until a process has nothing to do. Throws when that takes longer than `patience` seconds. */
export async function untilIdle(pid: number, patience: number): Promise<void> {
  const end = Date.now() + patience * 1000
  let before = await processorSeconds(pid)
  while (Date.now() < end) {
    await sleep(LOOK_MS)
    const now = await processorSeconds(pid)
    if (now - before <= QUIET * (LOOK_MS / 1000)) return
    before = now
  }
  throw new Error(`process ${pid} is still at work after ${patience} s`)
}
