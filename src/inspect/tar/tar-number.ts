import { TarDamage } from './tar-damage.ts'

/**
 * The numeric field of a block from `start` to `end`: octal digits between spaces and NULs, or base-256 when its first
 * bit is set (GNU). Throws TarDamage, also for numbers that JavaScript cannot hold, which no archive here can mean.
 */
export function tarNumber(block: Buffer, start: number, end: number, what: string): number {
  if (((block[start] ?? 0) & 0x80) !== 0) return base256(block.subarray(start, end), what)
  const value = octal(block, start, end)
  if (value === undefined) throw new TarDamage(`${what} is no octal number`)
  return safe(value, what)
}

/**
 * Octal digits between spaces and NULs; 0 when there are none, undefined when something else stands there. What stands
 * behind a NUL counts for nothing.
 */
export function octal(block: Buffer, start: number, end: number): number | undefined {
  let at = start
  let stop = end
  while (at < stop && isBlank(block[at])) at += 1
  while (at < stop && isBlank(block[stop - 1])) stop -= 1
  let value = 0
  for (; at < stop && block[at] !== 0; at++) {
    const digit = (block[at] ?? 0) - ZERO
    if (digit < 0 || digit > 7) return undefined
    value = value * 8 + digit
  }
  return value
}

const ZERO = 0x30

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0
}

/** Two's complement, big-endian; the first bit only marks the form, the second is the sign. */
function base256(field: Buffer, what: string): number {
  const negative = ((field[0] ?? 0) & 0x40) !== 0
  const size = BigInt(field.length * 8 - 1)
  const raw = BigInt(`0x${field.toString('hex')}`) & ((1n << size) - 1n)
  return safe(Number(negative ? raw - (1n << size) : raw), what)
}

function safe(value: number, what: string): number {
  if (!Number.isSafeInteger(value)) throw new TarDamage(`${what} is out of range`)
  return value
}
