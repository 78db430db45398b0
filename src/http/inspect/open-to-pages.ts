import type { Route } from '../route.ts'

const OPEN = { 'access-control-allow-origin': '*' } as const

/**
 * Lets pages of other sites read what anyone may see: answers to GET about public projects that nobody signed in for.
 * Browsers hold back every answer to a request with credentials, since `*` never allows them.
 */
export function openToPages(route: Route): Route {
  if (route.method !== 'GET') return route
  return {
    ...route,
    handle: async (exchange) => {
      const reply = await route.handle(exchange)
      const isAnyones = exchange.isPublic && exchange.caller.identity.kind === 'anonymous'
      return isAnyones ? { ...reply, headers: { ...reply.headers, ...OPEN } } : reply
    },
  }
}
