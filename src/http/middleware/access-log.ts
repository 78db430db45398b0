import type { Logger } from 'pino'
import type { RequestState } from './request-state.ts'

/** One line for each request, once its answer has left. Never headers, never a query: secrets travel there. */
export function accessLog(log: Logger): (state: RequestState) => void {
  return ({ request, response, id, client, path, begun, fields, bytesOut }) => {
    if (!log.isLevelEnabled('info')) return
    log.info(
      {
        requestId: id,
        method: request.method,
        path,
        status: response.statusCode,
        ms: Math.round((performance.now() - begun) * 10) / 10,
        bytesOut,
        address: client.address,
        agent: request.headers['user-agent'],
        ...fields,
      },
      'request',
    )
  }
}
