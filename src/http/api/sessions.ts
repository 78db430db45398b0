import { z } from 'zod'
import { accountOf, type Identity } from '../../auth/identity.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { readJson } from '../request-body.ts'
import type { Route } from '../route.ts'
import { sessionCookie } from '../session-cookie.ts'
import { answer, date, NO_CONTENT } from './answers.ts'
import { nameText, passwordText } from './fields.ts'
import type { ApiParts } from './parts.ts'
import { showIdentity } from './users.ts'

type Parts = Pick<ApiParts, 'access' | 'logins' | 'sessions' | 'addressOf'>

/** Signing in to the page, with what docker login takes; and the browsers that are signed in. */
export function sessionRoutes(parts: Parts): Route[] {
  const path = '/api/v1/session'
  const all = '/api/v1/user/sessions'
  return [
    { operationId: 'getSession', method: 'GET', path, right: 'anyone', handle: getSession(parts) },
    { operationId: 'signIn', method: 'POST', path, right: 'anyone', handle: signIn(parts) },
    { operationId: 'signOut', method: 'DELETE', path, right: 'anyone', handle: signOut(parts) },
    {
      operationId: 'listSessions',
      method: 'GET',
      path: all,
      right: 'signed-in',
      handle: listSessions(parts),
    },
    {
      operationId: 'deleteSession',
      method: 'DELETE',
      path: `${all}/{id}`,
      right: 'signed-in',
      handle: deleteSession(parts),
    },
  ]
}

function getSession({ access }: Parts): Handler {
  return async ({ caller }) => {
    const decision = await access.checkRegistry(caller, 'signed-in')
    return answer(200, decision.outcome === 'allowed' ? shown(decision.identity) : {})
  }
}

const credentials = z.strictObject({ username: nameText, password: passwordText })

function signIn({ logins, sessions, addressOf }: Parts): Handler {
  return async (exchange) => {
    const { request, origin } = exchange
    const login = await logins.withPassword(await readJson(request, credentials), addressOf(request))
    exchange.note({ account: accountOf(login.identity) })
    const { cookie, expires } = await sessions.begin(login, request.headers['user-agent'] ?? '')
    const reply = answer(201, shown(login.identity))
    return { ...reply, headers: { ...reply.headers, 'set-cookie': sessionCookie(origin, cookie, expires) } }
  }
}

function signOut({ sessions }: Parts): Handler {
  return async ({ caller, origin }) => {
    if (caller.session !== undefined) await sessions.end(accountOf(caller.identity), caller.session)
    return { status: 204, headers: { 'set-cookie': sessionCookie(origin, '', 0) } }
  }
}

function listSessions({ sessions }: Parts): Handler {
  return async (exchange) => {
    const found = await sessions.list(ownerOf(exchange))
    return answer(200, {
      sessions: found.map(({ id, agent, created, expires }) => ({
        id,
        agent,
        created: date(created),
        expires: date(expires),
        current: id === exchange.caller.session,
      })),
    })
  }
}

function deleteSession({ sessions }: Parts): Handler {
  return async (exchange) => {
    await sessions.end(ownerOf(exchange), exchange.params['id'] ?? '')
    return NO_CONTENT
  }
}

function ownerOf({ caller }: Exchange): string {
  if (caller.identity.kind === 'user' || caller.identity.kind === 'account') return accountOf(caller.identity)
  throw new RegistryError('DENIED', { message: 'without accounts (LAMINA_AUTH=off) nobody signs in' })
}

function shown(identity: Identity) {
  return { account: showIdentity(identity) }
}
