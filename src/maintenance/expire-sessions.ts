import { keys } from '../records/keys.ts'
import { loginFailuresCodec } from '../records/login-failures.ts'
import { pagesOf } from '../records/pages.ts'
import { sessionCodec } from '../records/session.ts'
import type { JobParts } from './job.ts'

const PAGE = 200
/** Longer than wrong passwords count, in milliseconds. */
const FAILURES_MS = 600_000

/** Forgets browsers whose session is over, and wrong passwords of long ago. They count no more; this frees their records. */
export async function expireSessions(parts: JobParts, signal: AbortSignal): Promise<void> {
  const { now } = parts
  const failedLongAgo = (value: Uint8Array) => loginFailuresCodec.decode(value).at + FAILURES_MS <= now()
  await expire(parts, signal, keys.sessions(), (value) => sessionCodec.decode(value).expires <= now())
  await expire(parts, signal, keys.all('loginFailures'), failedLongAgo)
}

async function expire(
  parts: JobParts,
  signal: AbortSignal,
  prefix: Uint8Array,
  isOver: (value: Uint8Array) => boolean,
): Promise<void> {
  for await (const page of pagesOf(parts.metadata, { prefix, limit: PAGE })) {
    if (signal.aborted) return
    const over = page.filter(({ value }) => isOver(value))
    if (over.length > 0)
      await parts.metadata.commit({ checks: [], sets: [], deletes: over.map(({ key }) => key) })
    parts.progress(over.length)
    await parts.pace()
  }
}
