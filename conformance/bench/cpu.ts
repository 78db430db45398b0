import { readFile } from 'node:fs/promises'

/** Ticks of Linux's clock for processes in a second. */
const TICKS = 100

/** Seconds of processor time that a process took so far, its kernel work included, in steps of 10 ms. */
export async function processorSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The name, in parentheses, may hold anything; user and system time are fields 14 and 15 of proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

/** The same with all its children, as PostgreSQL's, which has a process for each connection. */
export async function processorSecondsOfTree(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  const pids = [pid, ...children.split(' ').filter(Boolean).map(Number)]
  const seconds = await Promise.all(pids.map((one) => processorSeconds(one).catch(() => 0)))
  return seconds.reduce((sum, one) => sum + one, 0)
}
