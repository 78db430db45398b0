import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Context, Middleware, Next } from 'koa'
import type { Logger } from 'pino'
import { type ClientView, type ClientViewSettings, viewClient } from '../client-view.ts'
import type { Reply } from '../exchange.ts'

/** What the middleware of one request tell each other. */
export interface RequestState {
  readonly id: string
  readonly client: ClientView
  readonly path: string
  readonly query: URLSearchParams
  /** Fields for the line in the access log. */
  readonly fields: Record<string, unknown>
  reply: Reply
  bytesOut: number
}

/** Most requests have none. Nobody writes to a query. */
const NO_QUERY = new URLSearchParams()

const states = new WeakMap<IncomingMessage, RequestState>()

/** The state that requestState made for this request. */
export function stateOf(ctx: Context): RequestState {
  const state = states.get(ctx.req)
  if (state === undefined) throw new TypeError('requestState must be the first middleware')
  return state
}

/** A request id from a client or proxy is kept when it is harmless, so that logs can be joined. */
const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/

/** Gives each request its id and reads what a proxy says about the client. */
export function requestState(parts: ClientViewSettings & { readonly log: Logger }): Middleware {
  let warned = false
  return async (ctx: Context, next: Next) => {
    const client = viewClient(ctx.req, parts)
    if (client.untrustedForwarding && !warned) {
      warned = true
      parts.log.warn(
        { address: client.address },
        'forwarded headers from this address were ignored; if it is your proxy, name it in LAMINA_TRUSTED_PROXIES or set LAMINA_PUBLIC_URL',
      )
    }
    const sent = ctx.req.headers['x-request-id']
    const id = typeof sent === 'string' && REQUEST_ID.test(sent) ? sent : randomUUID()
    const [path, query] = splitTarget(ctx.req.url ?? '/')
    const search = query === '' ? NO_QUERY : new URLSearchParams(query)
    states.set(ctx.req, { id, client, path, query: search, fields: {}, reply: { status: 404 }, bytesOut: 0 })
    await next()
  }
}

function splitTarget(target: string): [string, string] {
  const mark = target.indexOf('?')
  return mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)]
}
