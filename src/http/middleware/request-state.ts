import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { RefusedLogin } from '../../auth/refused-login.ts'
import { type ClientView, type ClientViewSettings, viewClient } from '../client-view.ts'
import { isTooLong } from '../request-target.ts'
import type { Route } from '../route.ts'

/** What the steps of one request tell each other. */
export interface RequestState {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly id: string
  readonly client: ClientView
  readonly path: string
  readonly query: URLSearchParams
  /** When it came, in milliseconds of performance.now(). */
  readonly begun: number
  /** Fields for the line in the access log. */
  readonly fields: Record<string, unknown>
  /** Once it is found. */
  route: Route | undefined
  /** Those of the route's template. */
  params: Readonly<Record<string, string>>
  /** When a credential was refused. */
  refused: RefusedLogin | undefined
  bytesOut: number
}

/** Most requests have none. Nobody writes to a query. */
const NO_QUERY = new URLSearchParams()

/** A request id from a client or proxy is kept when it is harmless, so that logs can be joined. */
const REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/

/** Gives each request its id and reads what a proxy says about the client. */
export function requestState(
  parts: ClientViewSettings & { readonly log: Logger },
): (request: IncomingMessage, response: ServerResponse) => RequestState {
  let warned = false
  return (request, response) => {
    const begun = performance.now()
    const client = viewClient(request, parts)
    if (client.untrustedForwarding && !warned) {
      warned = true
      parts.log.warn(
        { address: client.address },
        'forwarded headers from this address were ignored; if it is your proxy, name it in LAMINA_TRUSTED_PROXIES or set LAMINA_PUBLIC_URL',
      )
    }
    const sent = request.headers['x-request-id']
    const id = typeof sent === 'string' && REQUEST_ID.test(sent) ? sent : randomUUID()
    const [path, query] = splitTarget(request.url ?? '/')
    const search = query === '' || isTooLong(request) ? NO_QUERY : new URLSearchParams(query)
    return {
      request,
      response,
      id,
      client,
      path,
      query: search,
      begun,
      fields: {},
      route: undefined,
      params: {},
      refused: undefined,
      bytesOut: 0,
    }
  }
}

function splitTarget(target: string): [string, string] {
  const mark = target.indexOf('?')
  return mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)]
}
