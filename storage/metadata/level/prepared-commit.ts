import { type Check, type Commit, RANGE_CHECK_LIMIT } from '../metadata-store.ts'
import { behind, keyText, storedKey } from './keyspace.ts'
import { prepareFrame } from './value-frame.ts'

/** A commit that waits: its own copy of every byte, under stored keys. */
export interface PreparedCommit {
  readonly checks: readonly PreparedCheck[]
  readonly sets: readonly { readonly key: Uint8Array; readonly text: string; readonly frame: Buffer }[]
  readonly deletes: readonly { readonly key: Uint8Array; readonly text: string }[]
  /** About what it adds to the log. */
  readonly bytes: number
}

export type PreparedCheck = PreparedKeyCheck | PreparedRangeCheck

export interface PreparedKeyCheck {
  readonly kind: 'version' | 'exists'
  readonly key: Uint8Array
  readonly text: string
  /** For `version`: undefined means absent. */
  readonly version: bigint | undefined
  readonly since: number | undefined
}

export interface PreparedRangeCheck {
  readonly kind: 'range'
  /** The caller's prefix. */
  readonly prefix: Uint8Array
  /** The stored prefix, and what lies behind all that begins with it. */
  readonly text: string
  readonly end: string
  readonly entries: ReadonlyMap<string, bigint>
  readonly since: number | undefined
}

/** Copies and examines `commit`. Throws TypeError for a key that is written twice and for a range check over the limit. */
export function prepareCommit(commit: Commit): PreparedCommit {
  const sets = commit.sets.map(({ key, value }) => ({ ...prepareKey(key), frame: prepareFrame(value) }))
  const deletes = commit.deletes.map(prepareKey)
  const written = new Set<string>()
  let bytes = 0
  for (const { key, text } of [...sets, ...deletes]) {
    if (written.has(text)) {
      throw new TypeError(
        `key ${Buffer.from(key.subarray(1)).toString('hex')} is written twice in one commit`,
      )
    }
    written.add(text)
    bytes += key.length
  }
  for (const { frame } of sets) bytes += frame.length
  return { checks: commit.checks.map(prepareCheck), sets, deletes, bytes }
}

function prepareKey(key: Uint8Array): { key: Uint8Array; text: string } {
  const stored = storedKey(key)
  return { key: stored, text: keyText(stored) }
}

function prepareCheck(check: Check): PreparedCheck {
  if (check.kind === 'range') {
    // The owner is for engines with row locks: here commits are checked one after the other.
    const { prefix, entries } = check
    const { key, text } = prepareKey(prefix)
    return {
      kind: 'range',
      prefix: new Uint8Array(prefix),
      text,
      end: keyText(behind(key)),
      entries: prepareEntries(entries),
      since: check.since,
    }
  }
  const version = check.kind === 'version' ? check.version : undefined
  return { kind: check.kind, ...prepareKey(check.key), version, since: check.since }
}

function prepareEntries(entries: readonly { key: Uint8Array; version: bigint }[]): Map<string, bigint> {
  if (entries.length > RANGE_CHECK_LIMIT) {
    throw new TypeError(`a range check holds at most ${RANGE_CHECK_LIMIT} entries, not ${entries.length}`)
  }
  return new Map(entries.map(({ key, version }) => [prepareKey(key).text, version]))
}
