import { unlink } from 'node:fs/promises'
import { answerTasks } from '../../side-thread.ts'
import type { FailedUnlink, UnlinkWork } from './unlink-thread.ts'

/**
 * Half of the thread pool, which is one for all threads of a process: pulls need the others. Where a disk makes each
 * file wait, eight at a time go eight times as fast.
 */
const AT_ONCE = 8

let last: Promise<unknown> = Promise.resolve()

/** The other side of unlink-thread.ts: one task after the other. */
answerTasks<UnlinkWork>((paths) => {
  const removed = last.then(() => removeAll(paths))
  last = removed
  return removed
})

async function removeAll(paths: readonly string[]): Promise<readonly FailedUnlink[]> {
  const failed: FailedUnlink[] = []
  const waiting = paths.values()
  const remove = async (): Promise<void> => {
    for (const path of waiting)
      await unlink(path).catch((error: unknown) => void failed.push({ path, ...described(error) }))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, remove))
  return failed
}

/** An error's own code does not survive the way to another thread. */
function described(error: unknown): Omit<FailedUnlink, 'path'> {
  if (!(error instanceof Error)) return { code: undefined, message: String(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return { code, message: error.message }
}
