import type { AccessControl } from '../../auth/access-control.ts'
import type { Authenticate } from '../../auth/authenticate.ts'
import { ANONYMOUS, accountOf, type Caller, UNCHECKED } from '../../auth/identity.ts'
import type { Sessions } from '../../auth/sessions.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { authorize, challenged, scopeOf } from '../authorize.ts'
import type { ClientView, ClientViewSettings } from '../client-view.ts'
import { isControlRequest } from '../control-socket.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { allowAgain } from '../late-body.ts'
import { createMatcher, type Match, type Matched } from '../match.ts'
import type { ReadOnlySwitch } from '../read-only.ts'
import { refuseAmbiguous } from '../request-target.ts'
import type { Route } from '../route.ts'
import { readSessionCookie, refuseOtherSites } from '../session-cookie.ts'
import type { RequestState } from './request-state.ts'

export interface DispatchParts extends ClientViewSettings {
  readonly routes: readonly Route[]
  readonly authenticate: Authenticate
  readonly sessions: Pick<Sessions, 'find'>
  readonly access: AccessControl
  readonly readOnly: ReadOnlySwitch
}

/** Finds the route, establishes who calls and whether they may, and lets the handler answer. */
export function dispatch(parts: DispatchParts): (state: RequestState) => Promise<Reply> {
  const match = createMatcher(parts.routes)
  return async (state) => {
    refuseAmbiguous(state.request)
    const { route, params } = found(match(state.request.method ?? 'GET', state.path), state)
    state.route = route
    state.params = params
    if (params['name'] !== undefined) state.fields['project'] = params['name'].split('/', 1)[0]
    const { caller, isPublic } = await allow(parts, state, { route, params })
    if (!state.request.complete)
      allowAgain(state.request, () => allow(parts, state, { route: lasting(route), params }))
    return route.handle(exchangeOf(state, { params, caller, isPublic }))
  }
}

/** Says who calls, and throws what refuses the request now. */
async function allow(
  parts: DispatchParts,
  state: RequestState,
  { route, params }: Match,
): Promise<Pick<Exchange, 'caller' | 'isPublic'>> {
  const caller = await identify(parts, state, { route, params })
  state.fields['account'] = accountOf(caller.identity)
  const request = { right: route.right, params, caller, query: state.query, origin: state.client.origin }
  const { isPublic } = await authorize(parts.access, request)
  await parts.readOnly.refuse(route)
  return { caller, isPublic }
}

/** A token that was good when a push began may end before its last byte comes. */
function lasting(route: Route): Route {
  return route.right === 'push' ? { ...route, right: 'continue-upload' } : route
}

function found(matched: Matched, { request, path }: RequestState): Match {
  if (matched === undefined)
    throw new RegistryError('UNSUPPORTED', {
      status: 404,
      message: `there is nothing at ${path.slice(0, 200)}`,
    })
  if ('allowed' in matched)
    throw new RegistryError('UNSUPPORTED', {
      message: `${request.method} is not possible here; ${matched.allowed.join(', ')} is`,
      headers: { allow: matched.allowed.join(', ') },
    })
  return matched
}

/** A wrong credential is answered with the challenge that the route would have given, so clients can start afresh. */
async function identify(
  parts: DispatchParts,
  { request, client, query, path }: RequestState,
  { route, params }: Match,
): Promise<Caller> {
  if (isControlRequest(request)) return UNCHECKED
  try {
    const caller = await parts.authenticate(request.headers.authorization, client.address)
    return path.startsWith('/api/v1/') ? await fromPage(parts, { request, client }, caller) : caller
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'UNAUTHORIZED') throw error
    const scope = scopeOf({ right: route.right, params, query })
    const invalid = error.detail?.['error'] === 'invalid_token'
    const challenge = { scope, ...(invalid && { error: 'invalid_token' as const }) }
    throw challenged(client.origin, error.message + proxyHint(client), challenge, error.cause)
  }
}

/** A browser's session counts where no other credential came. One that is over is nobody's: the page asks who it is. */
async function fromPage(
  { sessions }: DispatchParts,
  { request, client }: Pick<RequestState, 'request' | 'client'>,
  caller: Caller,
): Promise<Caller> {
  const cookie = readSessionCookie(request, client.origin)
  refuseOtherSites(request, client.origin, cookie !== undefined)
  if (caller !== ANONYMOUS || cookie === undefined) return caller
  return (await sessions.find(cookie)) ?? ANONYMOUS
}

function proxyHint({ untrustedForwarding }: ClientView): string {
  return untrustedForwarding
    ? ' (behind a proxy? its forwarded headers are ignored until LAMINA_TRUSTED_PROXIES names it or LAMINA_PUBLIC_URL is set)'
    : ''
}

function exchangeOf(
  { request, query, id, client, fields }: RequestState,
  { params, caller, isPublic }: Pick<Exchange, 'params' | 'caller' | 'isPublic'>,
): Exchange {
  return {
    request,
    method: request.method ?? 'GET',
    params,
    query,
    caller,
    address: client.address,
    isPublic,
    requestId: id,
    origin: client.origin,
    note: (noted) => {
      Object.assign(fields, noted)
    },
  }
}
