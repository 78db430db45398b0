import type { Commit } from '../../storage/metadata/metadata-store.ts'
import { type Kind, kindOf } from '../records/keys.ts'

/** Kinds that say nothing of content and are written at any time. */
const HARMLESS: ReadonlySet<Kind> = new Set<Kind>([
  'pulled',
  'session',
  'loginFailures',
  'signingKey',
  'outbox',
  'event',
  'migration',
])

/** Kinds of which one record, there before, is written anew when someone looks: "last confirmed", "last used". */
const RENEWED: ReadonlySet<Kind> = new Set<Kind>(['link', 'manifest', 'credential'])

/**
 * Whether a commit goes on while the registry takes no writes: pulls must never fail because of a move, and a pull
 * by someone who may push renews "last confirmed". Losing such a renewal costs at most a push that is sent again:
 * a manifest checks in its commit that all it refers to is still there.
 */
export function passesFence(commit: Commit): boolean {
  const changed = [...commit.sets.map(({ key }) => key), ...commit.deletes]
  return changed.every((key) => isOneOf(HARMLESS, key)) || isRenewal(commit)
}

function isRenewal({ checks, sets, deletes }: Commit): boolean {
  const [only] = sets
  if (only === undefined || sets.length > 1 || deletes.length > 0 || !isOneOf(RENEWED, only.key)) return false
  return checks.some(
    (check) =>
      check.kind === 'version' && check.version !== undefined && Buffer.compare(check.key, only.key) === 0,
  )
}

function isOneOf(kinds: ReadonlySet<Kind>, key: Uint8Array): boolean {
  const kind = kindOf(key)
  return kind !== undefined && kinds.has(kind)
}
