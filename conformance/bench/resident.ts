import { readFile, writeFile } from 'node:fs/promises'

/** Linux counts in units of 1024 bytes, we in a million of bytes. */
const MB_IN_KIB = 1e6 / 1024

/** Resident memory of a process in MB, from /proc: now, and the peak since the last `forgetPeak`. */
export async function resident(pid: number): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / MB_IN_KIB
  return { now: field('VmRSS'), peak: field('VmHWM') }
}

/** Lets the peak start again from what is resident now. */
export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5')
}
