import type { IncomingMessage, ServerResponse } from 'node:http'
import Koa from 'koa'
import type { Logger } from 'pino'
import { accessLog } from './middleware/access-log.ts'
import { answer } from './middleware/answer.ts'
import { type DispatchParts, dispatch } from './middleware/dispatch.ts'
import { requestState } from './middleware/request-state.ts'

/** What the application needs beside its routes. */
export interface AppParts extends DispatchParts {
  readonly log: Logger
}

/**
 * The way of every request, outermost first: state and request id, access log, the one writer of answers and failures,
 * then the dispatcher, which authenticates, authorises and hands over to the route's handler.
 */
export function createApp(parts: AppParts): (request: IncomingMessage, response: ServerResponse) => void {
  const app = new Koa()
  app.use(requestState(parts))
  app.use(accessLog(parts.log))
  app.use(answer(parts.log))
  app.use(dispatch(parts))
  app.on('error', (error: unknown) => {
    if (!isConnectionError(error)) parts.log.error({ err: error }, 'request failed outside its handler')
  })
  const handle = app.callback()
  return (request, response) => void handle(request, response)
}

/** Clients that hang up are everyday life: parallel fetchers do it for each chunk. */
function isConnectionError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE'
}
