import { Session } from 'node:inspector/promises'
import { setTimeout } from 'node:timers/promises'

/** How often the profiler looks, in microseconds. */
const INTERVAL = 1000

/**
 * Watches what the processor does for so long, in milliseconds; the text of a .cpuprofile, which the developer tools of
 * browsers open. Ends early, with what there is, on `signal`.
 */
export async function profileProcessor(milliseconds: number, signal: AbortSignal): Promise<string> {
  const session = new Session()
  session.connect()
  try {
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: INTERVAL })
    await session.post('Profiler.start')
    await setTimeout(milliseconds, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    const { profile } = await session.post('Profiler.stop')
    return JSON.stringify(profile)
  } finally {
    session.disconnect()
  }
}
