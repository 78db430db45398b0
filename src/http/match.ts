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
}

/** Makes the matcher for a table of routes. The more words a tail has, the sooner it is tried: `blobs/uploads/` is no digest. */
export function createMatcher(routes: readonly Route[]): (method: string, path: string) => Matched {
  const patterns = routes.map(patternOf)
  const fixed = patterns.filter((pattern) => pattern.tail === undefined)
  const named = patterns
    .filter((pattern) => pattern.tail !== undefined)
    .sort((a, b) => words(b.tail) - words(a.tail))
  return (method, path) => {
    const segments = split(path)
    const wanted = method === 'HEAD' ? 'GET' : method
    const found = [...matches(fixed, segments), ...matches(named, segments)]
    const specific = found.filter((match) => match.rank === found[0]?.rank)
    const match = specific.find(({ route }) => route.method === wanted)
    if (match !== undefined) return match
    return specific.length === 0 ? undefined : { allowed: specific.flatMap(({ route }) => methodsOf(route)) }
  }
}

function words(tail: readonly string[] = []): number {
  return tail.filter((segment) => !isParameter(segment)).length
}

function methodsOf(route: Route): string[] {
  return route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]
}

function patternOf(route: Route): Pattern {
  const segments = split(route.path)
  const name = segments.indexOf('{name}')
  return { route, segments, tail: name < 0 ? undefined : segments.slice(name + 1) }
}

/** A slash at the end makes no difference: `/v2/` is `/v2`, and a redirect would turn a POST into a GET. */
function split(path: string): string[] {
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  return trimmed.split('/').slice(1)
}

/** Matches of the same rank lead to the same thing, by different methods. */
type Ranked = Match & { readonly rank: string }

function* matches(patterns: readonly Pattern[], segments: readonly string[]): Generator<Ranked> {
  for (const { route, segments: template, tail } of patterns) {
    const params = tail === undefined ? matchWhole(template, segments) : matchNamed(tail, segments)
    if (params !== undefined) yield { route, params, rank: tail === undefined ? 'fixed' : shape(tail) }
  }
}

function shape(tail: readonly string[]): string {
  return tail.map((segment) => (isParameter(segment) ? '{}' : segment)).join('/')
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
