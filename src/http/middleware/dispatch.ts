import type { Context, Middleware } from 'koa'
import type { AccessControl } from '../../auth/access-control.ts'
import type { Authenticate } from '../../auth/authenticate.ts'
import { accountOf, type Caller, UNCHECKED } from '../../auth/identity.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { authorize, challenged, scopeOf } from '../authorize.ts'
import type { ClientViewSettings } from '../client-view.ts'
import { isControlRequest } from '../control-socket.ts'
import type { Exchange } from '../exchange.ts'
import { createMatcher, type Match } from '../match.ts'
import type { ReadOnlySwitch } from '../read-only.ts'
import type { Route } from '../route.ts'
import { type RequestState, stateOf } from './request-state.ts'

export interface DispatchParts extends ClientViewSettings {
  readonly routes: readonly Route[]
  readonly authenticate: Authenticate
  readonly access: AccessControl
  readonly readOnly: ReadOnlySwitch
}

/** Finds the route, establishes who calls and whether they may, and lets the handler answer. */
export function dispatch(parts: DispatchParts): Middleware {
  const match = createMatcher(parts.routes)
  return async (ctx: Context) => {
    const state = stateOf(ctx)
    const { route, params } = found(match(ctx.req.method ?? 'GET', state.path), ctx, state)
    const caller = await identify(parts, ctx, { state, route, params })
    state.fields['account'] = accountOf(caller.identity)
    if (params['name'] !== undefined) state.fields['project'] = params['name'].split('/', 1)[0]
    const request = { right: route.right, params, caller, query: state.query, origin: state.client.origin }
    const { isPublic } = await authorize(parts.access, request)
    parts.readOnly.refuse(route)
    state.reply = await route.handle(exchangeOf(ctx, { state, params, caller, isPublic }))
  }
}

function found(
  matched: ReturnType<ReturnType<typeof createMatcher>>,
  ctx: Context,
  state: RequestState,
): Match {
  if (matched === undefined)
    throw new RegistryError('UNSUPPORTED', {
      status: 404,
      message: `there is nothing at ${state.path.slice(0, 200)}`,
    })
  if ('allowed' in matched)
    throw new RegistryError('UNSUPPORTED', {
      message: `${ctx.req.method} is not possible here; ${matched.allowed.join(', ')} is`,
      headers: { allow: matched.allowed.join(', ') },
    })
  return matched
}

/** A wrong credential is answered with the challenge that the route would have given, so clients can start afresh. */
async function identify(
  parts: DispatchParts,
  ctx: Context,
  at: { readonly state: RequestState; readonly route: Route; readonly params: Match['params'] },
): Promise<Caller> {
  if (isControlRequest(ctx.req)) return UNCHECKED
  try {
    return await parts.authenticate(ctx.req.headers.authorization, at.state.client.address)
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'UNAUTHORIZED') throw error
    const scope = scopeOf({ right: at.route.right, params: at.params, query: at.state.query })
    const invalid = error.detail?.['error'] === 'invalid_token'
    throw challenged(at.state.client.origin, error.message + proxyHint(at.state), {
      scope,
      ...(invalid && { error: 'invalid_token' }),
    })
  }
}

function proxyHint(state: RequestState): string {
  return state.client.untrustedForwarding
    ? ' (behind a proxy? its forwarded headers are ignored until LAMINA_TRUSTED_PROXIES names it or LAMINA_PUBLIC_URL is set)'
    : ''
}

function exchangeOf(
  ctx: Context,
  parts: {
    readonly state: RequestState
    readonly params: Match['params']
    readonly caller: Caller
    readonly isPublic: boolean
  },
): Exchange {
  const { state, params, caller, isPublic } = parts
  return {
    request: ctx.req,
    method: ctx.req.method ?? 'GET',
    params,
    query: state.query,
    caller,
    isPublic,
    requestId: state.id,
    origin: state.client.origin,
    note: (fields) => {
      Object.assign(state.fields, fields)
    },
  }
}
