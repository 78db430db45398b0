import { emptyTrash } from './empty-trash.ts'
import { type ExpiryParts, expireUploads } from './expire-uploads.ts'

/** Ten minutes between two rounds: what they remove is measured in hours. */
const ROUND_MS = 600_000

/** Background work that runs as long as the server. */
export interface Maintenance {
  /** Waits for the step that is running now; no other begins. */
  stop(): Promise<void>
}

/** Starts the rounds, the first at once: it clears what the last run left. A failed job never stops the others. */
export function startMaintenance(parts: ExpiryParts): Maintenance {
  const stopping = new AbortController()
  let running = Promise.resolve()
  const round = async (): Promise<void> => {
    for (const job of [expireUploads, emptyTrash]) {
      try {
        await job(parts, stopping.signal)
      } catch (error) {
        parts.onError(error, job.name)
      }
    }
  }
  const begin = (): void => {
    running = running.then(round)
  }
  begin()
  const timer = setInterval(begin, ROUND_MS).unref()
  return {
    stop: async () => {
      clearInterval(timer)
      stopping.abort()
      await running
    },
  }
}
