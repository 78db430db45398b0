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
  /** Segments before `{name}`; all of them where there is none. */
  readonly head: readonly string[]
  /** Segments behind `{name}`, which is matched from the right: a name may hold `blobs`, `tags` and the like. */
  readonly tail: readonly string[] | undefined
  /** The same for routes that differ in their method alone. */
  readonly shape: string
  /** What is tried first: fixed paths, then tails with many words. */
  readonly order: number
}

/** Paths whose match is kept, before all are dropped; the longest of them in characters. */
const MOST_KEPT = 2000
const LONGEST_KEPT = 300

/** Makes the matcher for a table of routes. The more words a tail has, the sooner it is tried: `blobs/uploads/` is no digest. */
export function createMatcher(routes: readonly Route[]): (method: string, path: string) => Matched {
  const patterns = routes.map(patternOf).sort((a, b) => a.order - b.order)
  const byFirst = Map.groupBy(patterns, ({ segments }) => segments[0])
  const kept = new Map<string, Matched>()
  const match = (method: string, path: string): Matched => {
    const segments = split(path)
    const wanted = method === 'HEAD' ? 'GET' : method
    const others: Pattern[] = []
    for (const pattern of byFirst.get(segments[0]) ?? []) {
      // The first that fits says what the path is; another one of the same shape may have the method.
      if (others[0] !== undefined && others[0].shape !== pattern.shape) continue
      if (!fits(pattern, segments)) continue
      if (pattern.route.method === wanted)
        return { route: pattern.route, params: paramsOf(pattern, segments) }
      others.push(pattern)
    }
    return others.length === 0 ? undefined : { allowed: others.flatMap(({ route }) => methodsOf(route)) }
  }
  return (method, path) => {
    if (path.length > LONGEST_KEPT) return match(method, path)
    const key = `${method} ${path}`
    const known = kept.get(key)
    if (known !== undefined) return known
    if (kept.size >= MOST_KEPT) kept.clear()
    const matched = match(method, path)
    kept.set(key, matched)
    return matched
  }
}

function methodsOf(route: Route): string[] {
  return route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]
}

function patternOf(route: Route): Pattern {
  const segments = split(route.path)
  const name = segments.indexOf('{name}')
  if (name < 0)
    return {
      route,
      segments,
      head: segments,
      tail: undefined,
      shape: 'fixed',
      order: Number.NEGATIVE_INFINITY,
    }
  const head = segments.slice(0, name)
  const tail = segments.slice(name + 1)
  const words = tail.filter((segment) => !isParameter(segment)).length
  return {
    route,
    segments,
    head,
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

function fits({ segments: template, head, tail }: Pattern, segments: readonly string[]): boolean {
  if (tail === undefined) return template.length === segments.length && fitsEnd(template, segments)
  // Between head and tail is a name of at least one segment.
  const isLongEnough = segments.length > head.length + tail.length
  return isLongEnough && head.every((word, index) => segments[index] === word) && fitsEnd(tail, segments)
}

/** Whether the last segments have the template's words, and something for each of its parameters. */
function fitsEnd(template: readonly string[], segments: readonly string[]): boolean {
  const at = segments.length - template.length
  return template.every((expected, index) =>
    isParameter(expected) ? segments[at + index] !== '' : segments[at + index] === expected,
  )
}

/** The name is not decoded: its grammar has no use for `%`, and a decoded `%2F` would make other names of it. */
function paramsOf(
  { segments: template, head, tail = template }: Pattern,
  segments: readonly string[],
): Record<string, string> {
  const params: Record<string, string> = {}
  const at = segments.length - tail.length
  for (const [index, part] of tail.entries())
    if (isParameter(part)) params[part.slice(1, -1)] = decode(segments[at + index] ?? '')
  if (tail !== template) params['name'] = segments.slice(head.length, at).join('/')
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
