import { unlink } from 'node:fs/promises'
import { parentPort } from 'node:worker_threads'
import type { FailedUnlink, UnlinkAnswer, UnlinkTask } from './unlink-thread.ts'

/**
 * Half of the thread pool, which is one for all threads of a process: pulls need the others. Where a disk makes each
 * file wait, eight at a time go eight times as fast.
 */
const AT_ONCE = 8

let last = Promise.resolve()

/** The other side of unlink-thread.ts: one task after the other. */
parentPort?.on('message', (task: UnlinkTask) => {
  last = last.then(() => run(task))
})

async function run({ id, paths }: UnlinkTask): Promise<void> {
  const failed: FailedUnlink[] = []
  const waiting = paths.values()
  const remove = async (): Promise<void> => {
    for (const path of waiting)
      await unlink(path).catch((error: unknown) => void failed.push({ path, ...described(error) }))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, remove))
  const answer: UnlinkAnswer = { id, failed }
  parentPort?.postMessage(answer)
}

/** An error's own code does not survive the way to another thread. */
function described(error: unknown): Omit<FailedUnlink, 'path'> {
  if (!(error instanceof Error)) return { code: undefined, message: String(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return { code, message: error.message }
}
