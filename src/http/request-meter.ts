import type { Route } from './route.ts'

/** Told of every request, to count it. It is called within requests: it must cost next to nothing. */
export interface RequestMeter {
  began(): void
  ended(
    endpoint: string,
    answered: {
      readonly method: string
      readonly status: number
      readonly milliseconds: number
      readonly bytes: number
    },
  ): void
}

/** Parts of the surface beside the protocol, by the beginnings of their paths. The first that fits counts. */
const PARTS = [
  ['/api/v1/', 'api'],
  ['/debug', 'api'],
  ['/healthz', 'health'],
  ['/readyz', 'health'],
  ['/metrics', 'health'],
] as const
const PROTOCOL = /^\/(?:v2\/|token$)/
const names = new WeakMap<Route, string>()

/** Under which name a request is counted: few names, whatever clients ask for. */
export function endpointOf(route: Route | undefined): string {
  if (route === undefined) return 'none'
  const known = names.get(route)
  if (known !== undefined) return known
  const part = PARTS.find(([beginning]) => route.path.startsWith(beginning))
  const name = part?.[1] ?? (PROTOCOL.test(route.path) ? route.operationId : 'page')
  names.set(route, name)
  return name
}
