import { keyAfter, keys } from '../records/keys.ts'
import { sessionCodec } from '../records/session.ts'
import type { JobParts } from './job.ts'

const PAGE = 200

/** Forgets browsers whose session is over. They were refused already; this frees their records. */
export async function expireSessions(parts: JobParts, signal: AbortSignal): Promise<void> {
  const prefix = keys.sessions()
  let from = prefix
  while (!signal.aborted) {
    const page = await parts.metadata.range({ prefix, from, limit: PAGE })
    const over = page.filter(({ value }) => sessionCodec.decode(value).expires <= parts.now())
    if (over.length > 0)
      await parts.metadata.commit({ checks: [], sets: [], deletes: over.map(({ key }) => key) })
    parts.progress(over.length)
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) return
    from = keyAfter(end.key)
    await parts.pace()
  }
}
