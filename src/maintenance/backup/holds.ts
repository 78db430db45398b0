import { randomUUID } from 'node:crypto'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { holdCodec } from '../../records/cursor.ts'
import { keys } from '../../records/keys.ts'
import { recordsOf } from '../records-of.ts'

/** A backup whose server died holds the trash no longer than this. */
const HOLD_MS = 600_000
const RENEW_MS = 60_000
/** So long after its end nobody renews a hold any more, whatever the clocks say. */
const FORGET_MS = 24 * 3_600_000

interface HoldParts {
  readonly metadata: MetadataStore
  readonly now: () => number
}

/** A hold of this process. */
interface Own {
  /** When it was last written, in milliseconds of performance.now: a clock that is set changes nothing. */
  since: number
  /** It has, and was written again. */
  ranOut: boolean
  /** Why it could not be written again. */
  failure: unknown
}

/** Runs `work` while no trash is emptied: what a snapshot taken in it names stays readable. */
export async function whileHeld<Result>(parts: HoldParts, work: () => Promise<Result>): Promise<Result> {
  await forgetDead(parts)
  const key = keys.hold(randomUUID())
  const own: Own = { since: performance.now(), ranOut: false, failure: undefined }
  const hold = async (): Promise<void> => {
    const begun = performance.now()
    const value = holdCodec.encode({ until: parts.now() + HOLD_MS })
    await parts.metadata.commit({ checks: [], sets: [{ key, value }], deletes: [] })
    own.ranOut ||= isOver(own)
    own.since = begun
  }
  await hold()
  let renewal = Promise.resolve()
  const renewing = setInterval(() => {
    renewal = hold().catch((error: unknown) => {
      own.failure = error
    })
  }, RENEW_MS).unref()
  try {
    const result = await work()
    if (own.ranOut || isOver(own))
      throw new Error('the hold on removed bytes could not be kept', { cause: own.failure })
    return result
  } finally {
    clearInterval(renewing)
    // One that is on its way would bring the record back.
    await renewal
    await parts.metadata.commit({ checks: [], sets: [], deletes: [key] })
  }
}

/** Whether it has run out. */
function isOver({ since }: Own): boolean {
  return performance.now() - since >= HOLD_MS
}

/** Takes away what servers left that died in the midst of a backup. */
async function forgetDead({ metadata, now }: HoldParts): Promise<void> {
  const deletes: Uint8Array[] = []
  for await (const { key, value } of recordsOf(metadata, 'hold'))
    if (holdCodec.decode(value).until + FORGET_MS <= now()) deletes.push(key)
  if (deletes.length > 0) await metadata.commit({ checks: [], sets: [], deletes })
}

/** Forgets all holds. To be called before any backup of a server that shares its records with no other one. */
export async function forgetHolds(metadata: MetadataStore): Promise<void> {
  const deletes: Uint8Array[] = []
  for await (const { key } of recordsOf(metadata, 'hold')) deletes.push(key)
  if (deletes.length > 0) await metadata.commit({ checks: [], sets: [], deletes })
}

/** Whether a backup is under way that may still need removed bytes. */
export async function isHeld({ metadata, now }: HoldParts): Promise<boolean> {
  for await (const { value } of recordsOf(metadata, 'hold'))
    if (holdCodec.decode(value).until > now()) return true
  return false
}
