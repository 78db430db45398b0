import { Failures } from './failures.ts'
import type { Job, JobParts } from './job.ts'

/** Runs jobs by hand, with a clock. */
export interface TestJob {
  readonly parts: Pick<JobParts, 'metadata' | 'blobs' | 'now'>
  /** Items that failed, in order. */
  readonly failed: string[]
  /** One run; gives the number of items done. */
  run(job: (parts: JobParts, signal: AbortSignal) => Promise<void>, signal?: AbortSignal): Promise<number>
}

export function testJob(parts: TestJob['parts']): TestJob {
  const failed: string[] = []
  return {
    parts,
    failed,
    run: async (job, signal = new AbortController().signal) => {
      let done = 0
      const onError = (_: unknown, what: string) => void failed.push(what.slice('test: '.length))
      const failures = await Failures.load({ ...parts, onError }, 'test')
      const progress = (more: number) => {
        done += more
      }
      await job(
        {
          ...parts,
          attempt: (item, work) => failures.attempt(item, work, signal),
          progress,
          pace: () => Promise.resolve(),
          rest: () => Promise.resolve(),
        },
        signal,
      )
      return done
    },
  }
}

/** Whether a run of `job` would find something to do. */
export async function isJobDue({ isDue }: Job, { parts }: TestJob): Promise<boolean> {
  const unused = {
    attempt: () => Promise.resolve(undefined),
    progress: () => undefined,
    pace: () => Promise.resolve(),
    rest: () => Promise.resolve(),
  }
  return isDue === undefined || (await isDue({ ...parts, ...unused }))
}
