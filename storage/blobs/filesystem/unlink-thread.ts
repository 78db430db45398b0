import { SideThread } from '../../side-thread.ts'

/** A file that could not be removed, and what the system said: an error's code and its sentence. */
export interface FailedUnlink {
  readonly path: string
  readonly code: string | undefined
  readonly message: string
}

/** Paths of files, and those that could not be removed. */
export interface UnlinkWork {
  readonly task: readonly string[]
  readonly answer: readonly FailedUnlink[]
}

const thread = new SideThread<UnlinkWork>({
  module: new URL('./unlink-worker.ts', import.meta.url),
  purpose: 'removes files',
  limits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 },
  idleMs: 5000,
})

/**
 * Removes many files by way of a thread of its own: to hand each to the thread pool and to hear of it takes longer than
 * removing it, and would be taken from requests. Gives those that could not be removed.
 */
export function unlinkAside(paths: readonly string[]): Promise<readonly FailedUnlink[]> {
  return thread.ask(paths)
}
