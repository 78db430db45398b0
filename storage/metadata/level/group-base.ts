import { StoreDamaged } from '../../store-errors.ts'
import { keyText } from './keyspace.ts'
import type { LevelReader } from './level-reader.ts'
import type { PreparedCommit, PreparedRangeCheck } from './prepared-commit.ts'
import { versionOf } from './value-frame.ts'

/** What the database holds of all that the commits of a group check, read before the first is decided. */
export interface GroupBase {
  /** Absent keys are missing. */
  readonly versions: ReadonlyMap<string, bigint | StoreDamaged>
  readonly ranges: ReadonlyMap<PreparedRangeCheck, ReadonlyMap<string, bigint | StoreDamaged>>
}

/** Reads the base of `group`: keys in one trip, ranges side by side. Nothing is written meanwhile. */
export async function loadGroupBase(
  group: readonly PreparedCommit[],
  reader: LevelReader,
): Promise<GroupBase> {
  const keys = new Map<string, Uint8Array>()
  const ranges: PreparedRangeCheck[] = []
  let deletes = 0
  for (const commit of group) {
    deletes += commit.deletes.length
    for (const check of commit.checks) {
      if (check.kind === 'range') ranges.push(check)
      else keys.set(check.text, check.key)
    }
  }
  return {
    versions: await loadVersions(keys, reader),
    ranges: new Map(
      await Promise.all(
        ranges.map(async (check) => [check, await loadRange(check, deletes, reader)] as const),
      ),
    ),
  }
}

async function loadVersions(
  keys: ReadonlyMap<string, Uint8Array>,
  reader: LevelReader,
): Promise<Map<string, bigint | StoreDamaged>> {
  const versions = new Map<string, bigint | StoreDamaged>()
  if (keys.size === 0) return versions
  const stored = [...keys.values()]
  const frames = await reader.frames(stored)
  for (const [index, key] of stored.entries()) {
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
