import { giveWay } from '../../give-way.ts'
import { answerTasks } from '../../side-thread.ts'
import { unlinkEachHere } from './unlink-here.ts'
import type { FailedUnlink, UnlinkWork } from './unlink-thread.ts'

giveWay()
/** The other side of unlink-thread.ts: one task after the other. */
answerTasks<UnlinkWork>((paths) =>
  unlinkEachHere(paths).map(({ path, error }) => ({ path, ...described(error) })),
)

/** An error's own code does not survive the way to another thread. */
function described(error: unknown): Omit<FailedUnlink, 'path'> {
  if (!(error instanceof Error)) return { code: undefined, message: String(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return { code, message: error.message }
}
