import { TarDamage } from './tar-damage.ts'

/**
 * A numeric field: octal digits between spaces and NULs, or base-256 when its first bit is set (GNU). Throws TarDamage,
 * also for numbers that JavaScript cannot hold, which no archive here can mean.
 */
export function tarNumber(field: Buffer, what: string): number {
  const first = field[0] ?? 0
  if ((first & 0x80) !== 0) return base256(field, what)
  const text = field.toString('latin1').replace(/^[ \0]+|[ \0]+$/g, '')
  if (text === '') return 0
  if (!/^[0-7]+$/.test(text)) throw new TarDamage(`${what} is no octal number`)
  return safe(Number.parseInt(text, 8), what)
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
