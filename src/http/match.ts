import type { Route } from './route.ts'

/** A route and what its template's parameters are in a path. */
export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

/** What a path leads to: a route, only routes of other methods, or nothing. */
export type Matched = Match | { readonly allowed: readonly string[] } | undefined

interface Pattern {
  readonly route: Route
  readonly segments: readonly string[]
  /** Segments behind `{name}`, which is matched from the right: a name may hold `blobs`, `tags` and the like. */
  readonly tail: readonly string[] | undefined
  /** The same for routes that differ in their method alone. */
  readonly shape: string
  /** What is tried first: fixed paths, then tails with many words. */
  readonly order: number
}

/** Makes the matcher for a table of routes. The more words a tail has, the sooner it is tried: `blobs/uploads/` is no digest. */
export function createMatcher(routes: readonly Route[]): (method: string, path: string) => Matched {
  const patterns = routes.map(patternOf).sort((a, b) => a.order - b.order)
  return (method, path) => {
    const segments = split(path)
    const wanted = method === 'HEAD' ? 'GET' : method
    const others: Pattern[] = []
    for (const pattern of patterns) {
      // The first that fits says what the path is; another one of the same shape may have the method.
      if (others[0] !== undefined && others[0].shape !== pattern.shape) continue
      const params = paramsOf(pattern, segments)
      if (params === undefined) continue
      if (pattern.route.method === wanted) return { route: pattern.route, params }
      others.push(pattern)
    }
    return others.length === 0 ? undefined : { allowed: others.flatMap(({ route }) => methodsOf(route)) }
  }
}

function methodsOf(route: Route): string[] {
  return route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]
}

function patternOf(route: Route): Pattern {
  const segments = split(route.path)
  const name = segments.indexOf('{name}')
  if (name < 0) return { route, segments, tail: undefined, shape: 'fixed', order: Number.NEGATIVE_INFINITY }
  const tail = segments.slice(name + 1)
  const words = tail.filter((segment) => !isParameter(segment)).length
  return {
    route,
    segments,
    tail,
    shape: tail.map((part) => (isParameter(part) ? '{}' : part)).join('/'),
    order: -words,
  }
}

/** A slash at the end makes no difference: `/v2/` is `/v2`, and a redirect would turn a POST into a GET. */
function split(path: string): string[] {
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  return trimmed.split('/').slice(1)
}

function paramsOf(pattern: Pattern, segments: readonly string[]): Record<string, string> | undefined {
  return pattern.tail === undefined
    ? matchWhole(pattern.segments, segments)
    : matchNamed(pattern.tail, segments)
}

function matchWhole(
  template: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  return template.length === segments.length ? matchSegments(template, segments) : undefined
}

/** The name is not decoded: its grammar has no use for `%`, and a decoded `%2F` would make other names of it. */
function matchNamed(
  tail: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  const at = segments.length - tail.length
  if (segments[0] !== 'v2' || at < 2) return undefined
  const params = matchSegments(tail, segments.slice(at))
  return params && { ...params, name: segments.slice(1, at).join('/') }
}

function matchSegments(
  template: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  const params: Record<string, string> = {}
  for (const [index, expected] of template.entries()) {
    const segment = segments[index] ?? ''
    if (!isParameter(expected)) {
      if (segment !== expected) return undefined
    } else if (segment === '') return undefined
    else params[expected.slice(1, -1)] = decode(segment)
  }
  return params
}

function isParameter(segment: string): boolean {
  return segment.startsWith('{')
}

/** Text that is not well escaped stays as it is, and is then refused by the grammar of what it stands for. */
function decode(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    if (error instanceof URIError) return segment
    throw error
  }
}
