/**
 * Whether a path fits a pattern, in which `*` stands for any characters, `/` too: its other parts follow each other in the
 * path. Needs no more time than a few looks at the path, whatever the pattern is.
 */
export function pathPattern(pattern: string): (path: string) => boolean {
  // Paths are bytes: what is not ASCII is compared as the bytes that it has in UTF-8.
  const [first = '', ...others] = Buffer.from(pattern).toString('latin1').split('*')
  const last = others.pop()
  if (last === undefined) return (path) => path === first
  return (path) => {
    if (!path.startsWith(first)) return false
    let at = first.length
    for (const part of others) {
      const found = path.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return path.length - last.length >= at && path.endsWith(last)
  }
}
