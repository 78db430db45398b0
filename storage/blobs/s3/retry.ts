import { setTimeout as sleep } from 'node:timers/promises'

/** Time and chance, so that tests need neither. */
export interface Clock {
  now(): number
  sleep(milliseconds: number): Promise<void>
  /** From 0 to below 1. */
  random(): number
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  sleep: async (milliseconds) => {
    await sleep(milliseconds)
  },
  random: Math.random,
}

export interface RetryRules {
  /** Milliseconds from the first attempt on during which another one may begin. */
  readonly patience: number
  /** Whether the same call may go well a little later. */
  readonly isPassing: (error: unknown) => boolean
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 3000

/**
 * Tries again until `attempt` succeeds, fails for good, or the time is over; then rejects with its last error. Pauses
 * are random from 0 to a bound that doubles ("full jitter"): who was refused together does not come back together.
 */
export async function withRetries<Result>(
  { patience, isPassing }: RetryRules,
  clock: Clock,
  attempt: () => Promise<Result>,
): Promise<Result> {
  const end = clock.now() + patience
  for (let bound = FIRST_PAUSE_MS; ; bound = Math.min(bound * 2, LONGEST_PAUSE_MS)) {
    try {
      return await attempt()
    } catch (error) {
      const pause = clock.random() * bound
      if (!isPassing(error) || clock.now() + pause >= end) throw error
      await clock.sleep(pause)
    }
  }
}
