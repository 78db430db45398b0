import type { Digest } from '../../oci/digest.ts'
import type { Followed, MoveParts } from './place.ts'
import { drainPage, PAGE } from './walk.ts'

/** How often it is looked at whether pushes leave enough time, in milliseconds. */
const LOOK_MS = 5000
/** How long a push waits after each commit at first, and at most, when it outruns the copy, in milliseconds. */
const FIRST_PACE_MS = 50
const LAST_PACE_MS = 2000

/**
 * Works off what changed during the first pass, until less than a page is left. Who changes more than half of what can
 * be copied meanwhile is slowed down step by step; when not even that helps, it returns all the same, and what is left
 * is worked off while nobody pushes.
 */
export async function catchUp(
  parts: MoveParts,
  from: { readonly metadata: Followed; readonly damaged: Set<Digest>; readonly signal: AbortSignal },
): Promise<void> {
  const { metadata, damaged, signal } = from
  let [looked, changes, copied, pace] = [parts.now(), metadata.changes, 0, 0]
  for (;;) {
    signal.throwIfAborted()
    const entries = await drainPage(parts, damaged)
    if (entries < PAGE) return
    copied += entries
    if (parts.now() - looked < LOOK_MS) continue
    const outrun = metadata.changes - changes > copied / 2
    if (outrun && pace === LAST_PACE_MS) return
    if (outrun) {
      pace = Math.min(Math.max(FIRST_PACE_MS, pace * 2), LAST_PACE_MS)
      metadata.pace(pace)
    }
    ;[looked, changes, copied] = [parts.now(), metadata.changes, 0]
  }
}
