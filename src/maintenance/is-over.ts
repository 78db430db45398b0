/**
 * Whether `every` milliseconds have passed since `last`. Of a time to come was what was done while a clock was ahead: that
 * counts no more.
 */
export function isOver(last: number, every: number, now: number): boolean {
  return last > now || last + every <= now
}
