import { TarDamage } from './tar-damage.ts'

/** Records of an extended header in their order; the last of a key counts, an empty value takes it back. */
export type PaxRecords = readonly (readonly [key: string, value: string])[]

/**
 * Parses `length key=value\n` records strictly by their length (pax, "pax Extended Header"): parsers that guess here
 * read other archives than their neighbours. Texts are raw bytes (latin1). Throws TarDamage.
 */
export function parsePax(bytes: Buffer): PaxRecords {
  const records: [string, string][] = []
  let at = 0
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at)
    const digits = space < 0 || space - at > 10 ? '' : bytes.toString('latin1', at, space)
    if (!/^[0-9]+$/.test(digits)) throw new TarDamage('an extended header has a record without a length')
    const end = at + Number(digits)
    if (end <= space + 1 || end > bytes.length || bytes[end - 1] !== 0x0a)
      throw new TarDamage('the length of an extended header record is wrong')
    const equals = bytes.indexOf(0x3d, space)
    if (equals < 0 || equals >= end || equals === space + 1)
      throw new TarDamage('an extended header has a record without a key')
    const key = bytes.toString('latin1', space + 1, equals)
    const value = bytes.toString('latin1', equals + 1, end - 1)
    checkNul(key, value)
    records.push([key, value])
    at = end
  }
  return records
}

const NO_NUL = new Set(['path', 'linkpath', 'uname', 'gname', 'GNU.sparse.name'])

/** Where one reader stops at a NUL and another does not, two see different files. */
function checkNul(key: string, value: string): void {
  if (key.includes('\0') || (NO_NUL.has(key) && value.includes('\0')))
    throw new TarDamage(`an extended header has a NUL in ${NO_NUL.has(key) ? key : 'a key'}`)
}

/** A decimal number of an extended header, with a fraction or not. Throws TarDamage. */
export function paxNumber(value: string, key: string): number {
  if (!/^-?[0-9]{1,20}(\.[0-9]*)?$/.test(value))
    throw new TarDamage(`${key} in an extended header is no number`)
  return Number(value)
}
