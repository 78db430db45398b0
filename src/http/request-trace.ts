import type { IncomingMessage } from 'node:http'
import type { RequestState } from './middleware/request-state.ts'

/** A request as traces show it, by the names of OpenTelemetry's conventions. */
interface Traced {
  readonly name: string
  readonly status: number
  readonly attributes: Readonly<Record<string, string | number>>
}

/** Runs a request's `work` as part of the trace that its header names; `outcome` is asked at the end. */
export type TraceRequest = (
  request: IncomingMessage,
  work: () => Promise<void>,
  outcome: () => Traced,
) => Promise<void>

/** Never a query, a header or an account: secrets and people are not for collectors. */
export function describeTraced({ request, response, route, path, id, bytesOut }: RequestState): Traced {
  const { method = 'GET' } = request
  const { statusCode: status } = response
  return {
    name: route === undefined ? method : `${method} ${route.path}`,
    status,
    attributes: {
      'http.request.method': method,
      'http.response.status_code': status,
      'http.response.body.size': bytesOut,
      'url.path': path,
      'lamina.request_id': id,
      ...(route !== undefined && { 'http.route': route.path }),
    },
  }
}
