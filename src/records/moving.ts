import { type Kind, kindOf } from './keys.ts'

/**
 * Kinds of records that belong to the place and not to the content: they are not copied when a registry moves to other
 * stores. Upload sessions hold what one blob store needs to go on, so a client begins an unfinished one again; the
 * trash names bytes that stay where they are.
 */
const STAYS: ReadonlySet<Kind> = new Set<Kind>([
  'upload',
  'uploadOf',
  'trash',
  'lease',
  'deadLetter',
  'loginFailures',
  'outbox',
  'event',
  'migration',
  'cluster',
  'hold',
  'cursor',
])

/** Whether a record of this kind goes along when the registry moves. */
export function moves(kind: Kind): boolean {
  return !STAYS.has(kind)
}

/** Whether the record under this key goes along. A key of a kind that this version does not know stays. */
export function keyMoves(key: Uint8Array): boolean {
  const kind = kindOf(key)
  return kind !== undefined && moves(kind)
}
