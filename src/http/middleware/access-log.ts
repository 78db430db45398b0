import type { Context, Middleware, Next } from 'koa'
import type { Logger } from 'pino'
import { stateOf } from './request-state.ts'

/** One line for each request, once its answer has left. Never headers, never a query: secrets travel there. */
export function accessLog(log: Logger): Middleware {
  return async (ctx: Context, next: Next) => {
    if (!log.isLevelEnabled('info')) {
      await next()
      return
    }
    const begun = performance.now()
    try {
      await next()
    } finally {
      const { id, client, path, fields, bytesOut } = stateOf(ctx)
      log.info(
        {
          requestId: id,
          method: ctx.req.method,
          path,
          status: ctx.res.statusCode,
          ms: Math.round((performance.now() - begun) * 10) / 10,
          bytesOut,
          address: client.address,
          agent: ctx.req.headers['user-agent'],
          ...fields,
        },
        'request',
      )
    }
  }
}
