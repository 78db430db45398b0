import { StoreDamaged } from '../../store-errors.ts'
import { keyText } from './keyspace.ts'
import type { LevelReader } from './level-reader.ts'
import type { PreparedCheck, PreparedCommit, PreparedRangeCheck } from './prepared-commit.ts'
import type { RecentChanges } from './recent-changes.ts'
import type { RecentRanges } from './recent-ranges.ts'
import type { RecentReads } from './recent-reads.ts'
import { versionOf } from './value-frame.ts'

/** What the database holds of all that the commits of a group check, read before the first is decided. */
export interface GroupBase {
  /** Absent keys are missing. */
  readonly versions: ReadonlyMap<string, bigint | StoreDamaged>
  readonly ranges: ReadonlyMap<PreparedRangeCheck, FoundRange>
}

type FoundRange = ReadonlyMap<string, bigint | StoreDamaged>

/** Where a base comes from: what is remembered is what is committed, and need not be read again. */
export interface BaseParts {
  readonly reader: LevelReader
  readonly records: RecentReads
  readonly ranges: RecentRanges
  /** What changed lately, while someone tells since when a check held. */
  readonly changes: () => RecentChanges | undefined
}

/** Reads the base of `group`: keys in one trip, ranges side by side. Nothing is written meanwhile. */
export async function loadGroupBase(
  group: readonly PreparedCommit[],
  { reader, records, ranges: recent, changes }: BaseParts,
): Promise<GroupBase> {
  const { held, checks } = withoutHeld(
    group.flatMap((commit) => commit.checks),
    changes(),
  )
  const all = checks.filter((check) => check.kind === 'range')
  const known = new Set(all.filter((check) => recent.holdsNoOther(check)))
  const keys = new Map<string, Uint8Array>()
  for (const check of checks) if (check.kind !== 'range') keys.set(check.text, check.key)
  for (const { entries } of known)
    for (const text of entries.keys()) keys.set(text, Buffer.from(text, 'latin1'))
  const versions = await loadVersions(keys, reader, records)
  const deletes = group.reduce((sum, commit) => sum + commit.deletes.length, 0)
  const load = (check: PreparedRangeCheck) =>
    known.has(check) ? those(check, versions) : loadRange(check, deletes, reader)
  const ranges = await Promise.all(all.map(async (check) => [check, await load(check)] as const))
  const base = { versions, ranges: new Map<PreparedRangeCheck, FoundRange>(ranges) }
  for (const check of held)
    if (check.kind === 'range') base.ranges.set(check, check.entries)
    else if (check.version !== undefined) versions.set(check.text, check.version)
  return base
}

/** Checks that held a moment ago, of what did not change since, and those that have to be looked at. */
function withoutHeld(
  all: readonly PreparedCheck[],
  changes: RecentChanges | undefined,
): { readonly held: readonly PreparedCheck[]; readonly checks: readonly PreparedCheck[] } {
  if (changes === undefined) return { held: [], checks: all }
  const [held, checks]: [PreparedCheck[], PreparedCheck[]] = [[], []]
  for (const check of all) (stillHolds(check, changes) ? held : checks).push(check)
  return { held, checks }
}

function stillHolds(check: PreparedCheck, changes: RecentChanges): boolean {
  const { kind, since, text } = check
  if (since === undefined || kind === 'exists') return false
  return kind === 'range' ? changes.isSameIn(text, since) : changes.isSame(text, since)
}

/** The entries of a range that can hold no others. */
function those(
  { entries }: PreparedRangeCheck,
  versions: ReadonlyMap<string, bigint | StoreDamaged>,
): Map<string, bigint | StoreDamaged> {
  const found = new Map<string, bigint | StoreDamaged>()
  for (const text of entries.keys()) {
    const version = versions.get(text)
    if (version !== undefined) found.set(text, version)
  }
  return found
}

async function loadVersions(
  keys: ReadonlyMap<string, Uint8Array>,
  reader: LevelReader,
  records: RecentReads,
): Promise<Map<string, bigint | StoreDamaged>> {
  const versions = new Map<string, bigint | StoreDamaged>()
  const unknown: Uint8Array[] = []
  for (const [text, key] of keys) {
    const known = records.known(text.slice(1))
    if (known === undefined) unknown.push(key)
    else if (known.stored !== undefined) versions.set(text, known.stored.version)
  }
  if (unknown.length === 0) return versions
  const frames = await reader.frames(unknown)
  for (const [index, key] of unknown.entries()) {
    const frame = frames[index]
    if (frame !== undefined) versions.set(keyText(key), versionOrDamage(key, frame))
  }
  return versions
}

/**
 * One key more than expected proves that something was added. Commits before this one in the group may
 * delete some of what is found, so as many more are read.
 */
async function loadRange(
  check: PreparedRangeCheck,
  deletes: number,
  reader: LevelReader,
): Promise<Map<string, bigint | StoreDamaged>> {
  const limit = check.entries.size + 1 + deletes
  const found = await reader.framesIn({ prefix: check.prefix, limit })
  return new Map(found.map(([key, frame]) => [keyText(key), versionOrDamage(key, frame)]))
}

/** Damage concerns the commits that check this record, not the whole group. */
function versionOrDamage(key: Uint8Array, frame: Uint8Array): bigint | StoreDamaged {
  try {
    return versionOf(key, frame)
  } catch (error) {
    if (error instanceof StoreDamaged) return error
    throw error
  }
}
