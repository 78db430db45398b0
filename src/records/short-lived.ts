import { kindOf } from './keys.ts'

/**
 * Whether a key, or a prefix of keys, is of work to be done: records that live for minutes, which a store may keep
 * apart from the others. Never changed once released: records would be looked for in the wrong place.
 */
export function isShortLived(key: Uint8Array): boolean {
  const [table = 0] = key
  return table >> 4 === 4 || kindOf(key) === 'usage'
}
