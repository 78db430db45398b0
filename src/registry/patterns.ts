import { LRUCache } from 'lru-cache'
import picomatch from 'picomatch'

/** Patterns of all projects together; compiling one takes longer than using it. */
const compiled = new LRUCache<string, (text: string) => boolean>({ max: 1000 })

/**
 * Whether a glob matches: `v*`, `release-{1,2}.*`, `**` for repositories of any depth. Extended globs are off: they
 * become regular expressions that take forever on some texts.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  let matches = compiled.get(pattern)
  if (matches === undefined) {
    matches = picomatch(pattern, { dot: true, noextglob: true, nonegate: true, strictSlashes: true })
    compiled.set(pattern, matches)
  }
  return matches(text)
}
