import type { Context, Middleware, Next } from 'koa'
import type { Logger } from 'pino'
import type { RegistryError } from '../../oci/registry-error.ts'
import { challenged } from '../authorize.ts'
import type { Reply } from '../exchange.ts'
import { asRegistryError, renderError } from '../render-error.ts'
import { ClientGone, writeReply } from '../write-reply.ts'
import { type RequestState, stateOf } from './request-state.ts'

/** The only writer of answers: of what handlers return, and of every failure. */
export function answer(log: Logger): Middleware {
  return async (ctx: Context, next: Next) => {
    // Koa would write a reason phrase as the body of a 201 or 202.
    ctx.respond = false
    const state = stateOf(ctx)
    setCommonHeaders(ctx, state)
    try {
      await next()
      await send(ctx, state, state.reply)
    } catch (error) {
      await fail(ctx, state, { error, log })
    }
  }
}

function setCommonHeaders(ctx: Context, state: RequestState): void {
  ctx.res.setHeader('x-request-id', state.id)
  ctx.res.setHeader('x-content-type-options', 'nosniff')
  if (state.path === '/v2' || state.path.startsWith('/v2/'))
    ctx.res.setHeader('docker-distribution-api-version', 'registry/2.0')
}

async function send(ctx: Context, state: RequestState, reply: Reply): Promise<void> {
  state.bytesOut = await writeReply(ctx.req, ctx.res, reply)
}

async function fail(
  ctx: Context,
  state: RequestState,
  failure: { error: unknown; log: Logger },
): Promise<void> {
  const { error, log } = failure
  if (error instanceof ClientGone || isGone(ctx)) {
    state.fields['aborted'] = true
    ctx.res.destroy()
    return
  }
  const known = withChallenge(asRegistryError(error), state)
  state.fields['code'] = known.code
  if (known.status >= 500 && (known.cause !== undefined || known !== error))
    log.error({ requestId: state.id, err: known.cause ?? error }, known.message)
  if (ctx.res.headersSent) {
    // Too late for an answer: an answer cut short is better than one that looks whole.
    state.fields['aborted'] = true
    ctx.res.destroy()
    return
  }
  for (const name of ['content-length', 'content-range', 'cache-control', 'etag', 'docker-content-digest'])
    ctx.res.removeHeader(name)
  await send(ctx, state, renderError(known, state.id))
}

/** The client closed its connection, so that whatever failed is its doing and nobody is left to be told. */
function isGone(ctx: Context): boolean {
  return ctx.req.destroyed && !ctx.req.complete
}

/** Every 401 carries a challenge: clients learn from it where to get a token. */
function withChallenge(error: RegistryError, state: RequestState): RegistryError {
  if (error.status !== 401 || error.headers['www-authenticate'] !== undefined) return error
  const invalid = error.detail?.['error'] === 'invalid_token'
  return challenged(state.client.origin, error.message, invalid ? { error: 'invalid_token' } : {})
}
