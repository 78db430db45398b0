import type { Pulls } from '../registry/pulls.ts'
import type { Job } from './job.ts'

/** Writes down what was pulled. Each process has its own, so that none waits for another's lease. */
export function flushPullsJob(pulls: Pulls, everyMs: number): Job {
  return {
    name: 'flush-pulls',
    everyMs,
    isDue: async (parts) => {
      parts.progress(await pulls.flush(parts.metadata))
      return false
    },
    run: () => Promise.resolve(),
  }
}
