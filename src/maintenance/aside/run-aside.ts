import type { KeepingParts } from '../../registry/parts.ts'
import type { Job, JobParts } from '../job.ts'
import type { JobThread } from './job-thread.ts'
import type { AsideJob } from './messages.ts'

/**
 * The same job, on the thread where there is much to do, if the records can be read from there. A thread of its own
 * leaves requests the event loop, and its memory is collected without them; to start one takes as long as little work.
 */
export function runAside(
  job: Job & { readonly name: AsideJob },
  aside: {
    readonly thread: JobThread
    readonly settings: KeepingParts['settings']
    readonly isMuch: (parts: JobParts) => Promise<boolean>
  },
): Job {
  const { thread, settings, isMuch } = aside
  return {
    ...job,
    run: async (parts, signal) => {
      const { metadata, now } = parts
      const progress = (done: number) => parts.progress(done)
      const beside = (await isMuch(parts))
        ? metadata.beside?.((commit) => metadata.commit(commit))
        : undefined
      if (beside === undefined) return job.run(parts, signal)
      await thread.run({ job: job.name, settings, now: now() }, { beside, progress, signal })
    },
  }
}
