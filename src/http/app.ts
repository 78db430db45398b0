import type { Logger } from 'pino'
import { systemCode } from '../system-code.ts'
import type { RequestListener } from './listener.ts'
import { accessLog } from './middleware/access-log.ts'
import { answer } from './middleware/answer.ts'
import { auditLog } from './middleware/audit-log.ts'
import { type DispatchParts, dispatch } from './middleware/dispatch.ts'
import { type RequestState, requestState } from './middleware/request-state.ts'
import { endpointOf, type RequestMeter } from './request-meter.ts'
import { describeTraced, type TraceRequest } from './request-trace.ts'

/** What the application needs beside its routes. */
export interface AppParts extends DispatchParts {
  readonly log: Logger
  readonly meter: RequestMeter
  /** Absent: nothing is traced. */
  readonly trace?: TraceRequest | undefined
}

/**
 * The way of every request: state and request id; the dispatcher, which authenticates, authorises and hands over to the
 * route's handler, inside the one writer of answers and failures; the lines in the access log and, for what changes
 * something, the audit log; the counters.
 */
export function createApp(parts: AppParts): RequestListener {
  const begin = requestState(parts)
  const reply = answer(dispatch(parts), parts.log)
  const record = accessLog(parts.log)
  const audit = auditLog(parts.log)
  const failed = (error: unknown): void => {
    if (!isConnectionError(error)) parts.log.error({ err: error }, 'request failed outside its handler')
  }
  const serve = async (state: RequestState): Promise<void> => {
    try {
      await reply(state)
    } catch (error) {
      failed(error)
      state.response.destroy()
    }
    record(state)
    audit(state)
    count(parts.meter, state)
  }
  const { trace } = parts
  const serveTraced =
    trace === undefined
      ? serve
      : (state: RequestState) =>
          trace(
            state.request,
            () => serve(state),
            () => describeTraced(state),
          )
  return (request, response) => {
    response.on('error', failed)
    parts.meter.began()
    void serveTraced(begin(request, response))
  }
}

function count(meter: RequestMeter, { request, response, route, begun, bytesOut }: RequestState): void {
  meter.ended(endpointOf(route), {
    method: request.method ?? 'GET',
    status: response.statusCode,
    milliseconds: performance.now() - begun,
    bytes: bytesOut,
  })
}

/** Clients that hang up are everyday life: parallel fetchers do it for each chunk. */
function isConnectionError(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE'
}
