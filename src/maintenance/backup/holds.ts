import { randomUUID } from 'node:crypto'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { holdCodec } from '../../records/cursor.ts'
import { keys } from '../../records/keys.ts'

/** A backup whose server died holds the trash no longer than this. */
const HOLD_MS = 600_000
const RENEW_MS = 60_000

interface HoldParts {
  readonly metadata: MetadataStore
  readonly now: () => number
}

/** Runs `work` while no trash is emptied: what a snapshot taken in it names stays readable. */
export async function whileHeld<Result>(parts: HoldParts, work: () => Promise<Result>): Promise<Result> {
  const key = keys.hold(randomUUID())
  const hold = (): Promise<void> => {
    const value = holdCodec.encode({ until: parts.now() + HOLD_MS })
    return parts.metadata.commit({ checks: [], sets: [{ key, value }], deletes: [] })
  }
  await hold()
  let failure: unknown
  const renewing = setInterval(() => {
    hold().catch((error: unknown) => {
      failure = error
    })
  }, RENEW_MS).unref()
  try {
    const result = await work()
    if (failure !== undefined)
      throw new Error('the hold on removed bytes could not be kept', { cause: failure })
    return result
  } finally {
    clearInterval(renewing)
    await parts.metadata.commit({ checks: [], sets: [], deletes: [key] })
  }
}

/** Whether a backup is under way that may still need removed bytes. */
export async function isHeld({ metadata, now }: HoldParts): Promise<boolean> {
  const holds = await metadata.range({ prefix: keys.all('hold'), limit: 100 })
  return holds.some(({ value }) => holdCodec.decode(value).until > now())
}
