import { unlinkSync } from 'node:fs'
import type { FailedPath } from './file-system.ts'

/**
 * Removes files one after the other, on the thread that calls it: with the thread pool, several at a time, each takes twice
 * the processor time, and requests feel it.
 */
export function unlinkEachHere(paths: readonly string[]): FailedPath[] {
  const failed: FailedPath[] = []
  for (const path of paths) {
    try {
      unlinkSync(path)
    } catch (error) {
      failed.push({ path, error })
    }
  }
  return failed
}
