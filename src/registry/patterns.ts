import { LRUCache } from 'lru-cache'
import { Glob } from './glob.ts'

/** Patterns of all projects together; compiling one takes longer than using it. */
const compiled = new LRUCache<string, Glob>({ max: 1000 })

/** Whether a glob matches: `v*`, `release-{1,2}.*`, `**` for repositories of any depth. */
export function matchesPattern(pattern: string, text: string): boolean {
  let glob = compiled.get(pattern)
  if (glob === undefined) {
    glob = new Glob(pattern)
    compiled.set(pattern, glob)
  }
  return glob.matches(text)
}
