import type { AccessControl } from '../../auth/access-control.ts'
import type { Authenticate } from '../../auth/authenticate.ts'
import { accountOf, type Caller, UNCHECKED } from '../../auth/identity.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { authorize, challenged, scopeOf } from '../authorize.ts'
import type { ClientView, ClientViewSettings } from '../client-view.ts'
import { isControlRequest } from '../control-socket.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { createMatcher, type Match, type Matched } from '../match.ts'
import type { ReadOnlySwitch } from '../read-only.ts'
import type { Route } from '../route.ts'
import type { RequestState } from './request-state.ts'

export interface DispatchParts extends ClientViewSettings {
  readonly routes: readonly Route[]
  readonly authenticate: Authenticate
  readonly access: AccessControl
  readonly readOnly: ReadOnlySwitch
}

/** Finds the route, establishes who calls and whether they may, and lets the handler answer. */
export function dispatch(parts: DispatchParts): (state: RequestState) => Promise<Reply> {
  const match = createMatcher(parts.routes)
  return async (state) => {
    const { route, params } = found(match(state.request.method ?? 'GET', state.path), state)
    const caller = await identify(parts, state, { route, params })
    state.fields['account'] = accountOf(caller.identity)
    if (params['name'] !== undefined) state.fields['project'] = params['name'].split('/', 1)[0]
    const request = { right: route.right, params, caller, query: state.query, origin: state.client.origin }
    const { isPublic } = await authorize(parts.access, request)
    parts.readOnly.refuse(route)
    return route.handle(exchangeOf(state, { params, caller, isPublic }))
  }
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
  { request, client, query }: RequestState,
  { route, params }: Match,
): Promise<Caller> {
  if (isControlRequest(request)) return UNCHECKED
  try {
    return await parts.authenticate(request.headers.authorization, client.address)
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'UNAUTHORIZED') throw error
    const scope = scopeOf({ right: route.right, params, query })
    const invalid = error.detail?.['error'] === 'invalid_token'
    throw challenged(client.origin, error.message + proxyHint(client), {
      scope,
      ...(invalid && { error: 'invalid_token' }),
    })
  }
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
    isPublic,
    requestId: id,
    origin: client.origin,
    note: (noted) => {
      Object.assign(fields, noted)
    },
  }
}
