/** Where an entry stands in the tree. */
export type TreePlace =
  | { readonly kind: 'inside'; readonly path: string; readonly long: boolean }
  /** It points out of the tree, or is deeper than any tree here: listed, never placed. */
  | { readonly kind: 'outside'; readonly why: 'escapes' | 'deep' }

const COMPONENT_LIMIT = 255
const PATH_LIMIT = 4096
const DEPTH_LIMIT = 512

/** Places a raw name: without leading, double and trailing slashes and `.` components; '' is the root itself. */
export function placeOf(name: string): TreePlace {
  const path = name.slice(name.startsWith('./') ? 2 : 0, name.endsWith('/') ? -1 : name.length)
  if (path.length <= COMPONENT_LIMIT && !ODD_COMPONENT.test(path))
    return { kind: 'inside', path, long: false }
  return placeOddly(name)
}

/** Nothing, `.` or `..` between slashes. */
const ODD_COMPONENT = /(?:^|\/)\.{0,2}(?:\/|$)/

function placeOddly(name: string): TreePlace {
  const components = name.split('/').filter((component) => component !== '' && component !== '.')
  if (components.includes('..')) return { kind: 'outside', why: 'escapes' }
  if (components.length > DEPTH_LIMIT) return { kind: 'outside', why: 'deep' }
  const path = components.join('/')
  const long = path.length > PATH_LIMIT || components.some(({ length }) => length > COMPONENT_LIMIT)
  return { kind: 'inside', path, long }
}

/** The directory of a path, '' for those at the top. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0))
}

/** The last component of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
