import type { IncomingMessage } from 'node:http'
import type { AccessControl } from '../../auth/access-control.ts'
import { type Credentials, REFRESH_LIFE } from '../../auth/credentials.ts'
import { accountOf, type Caller, type Identity } from '../../auth/identity.ts'
import type { Login, Logins } from '../../auth/login.ts'
import type { Tokens } from '../../auth/tokens.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { formatScope, parseScopes } from '../../oci/scope.ts'
import { type Exchange, type Handler, json, type Reply } from '../exchange.ts'
import { mediaTypeOf, readBody } from '../request-body.ts'

/** What the token endpoint asks. */
export interface TokenParts {
  readonly access: AccessControl
  readonly tokens: Tokens
  readonly logins: Logins
  readonly credentials: Credentials
  /** The client's address, as seen through trusted proxies: failed logins are counted by it. */
  readonly addressOf: (request: IncomingMessage) => string
  readonly now: () => number
}

/**
 * GET of distribution's "Token Authentication": Basic credentials or none (the dispatcher has checked them: wrong ones
 * are 401, never an anonymous token), `scope` repeated or joined by spaces. `service` is not read: we have one.
 */
export function getToken(parts: TokenParts): Handler {
  return async (exchange) => {
    const login = loginOf(exchange.caller)
    const offline = exchange.query.get('offline_token') === 'true' && exchange.method === 'GET'
    const client = exchange.query.get('client_id')
    const refresh = offline ? await keepLogin(parts, exchange, { login, client }) : {}
    const { token } = await grant(parts, login.identity, exchange.query.getAll('scope'))
    return answer(parts, token, refresh)
  }
}

/** POST of distribution's "Token Authentication OAuth2": a form with a password or a refresh token. Throws UNAUTHORIZED. */
export function postToken(parts: TokenParts): Handler {
  return async (exchange) => {
    const form = await readForm(exchange.request)
    const login = await logIn(parts, form, exchange.request)
    const offline = form.get('grant_type') === 'password' && form.get('access_type') === 'offline'
    const refresh = offline ? await keepLogin(parts, exchange, { login, client: form.get('client_id') }) : {}
    const { token, scope } = await grant(parts, login.identity, form.getAll('scope'))
    return answer(parts, token, { token_type: 'Bearer', scope, ...refresh })
  }
}

/** A token of ours is good for /v2/ alone: asked with one, the answer could be wider than it is. */
function loginOf(caller: Caller): Login {
  const { identity, scope, credential } = caller
  if (scope !== undefined)
    throw new RegistryError('UNAUTHORIZED', {
      message: 'a registry token does not get another one; send user name and password, or a personal token',
    })
  if (identity.kind === 'unchecked') return { identity: { kind: 'anonymous' } }
  return credential === undefined ? { identity } : { identity, credential }
}

async function logIn(parts: TokenParts, form: URLSearchParams, request: IncomingMessage): Promise<Login> {
  const grantType = form.get('grant_type')
  if (grantType === 'refresh_token') return parts.logins.withRefreshToken(form.get('refresh_token') ?? '')
  if (grantType !== 'password')
    throw new RegistryError('REQUEST_INVALID', { message: 'grant_type takes password or refresh_token' })
  const basic = { username: form.get('username') ?? '', password: form.get('password') ?? '' }
  return parts.logins.withPassword(basic, parts.addressOf(request))
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  if (mediaTypeOf(request) !== 'application/x-www-form-urlencoded')
    throw new RegistryError('REQUEST_INVALID', {
      message: 'send the request as Content-Type: application/x-www-form-urlencoded',
    })
  return new URLSearchParams((await readBody(request)).toString())
}

/** Grants what the account has of what is asked: part of it, or nothing, is a token, too. */
async function grant({ access, tokens }: TokenParts, identity: Identity, scopes: readonly string[]) {
  const granted = await access.grant(identity, parseScopes(scopes))
  return { token: await tokens.issue(identity, granted), scope: granted.map(formatScope).join(' ') }
}

/**
 * What docker login keeps in place of a password: revocable, over with it, and 90 days after its last use. Without one
 * (a full disk, say) the client keeps what was typed: no failure. A personal token and the key of an account can be
 * revoked as they are, and are what a kubelet and others read in docker's file, who know nothing of its other field
 * (docs/decisions/084).
 */
async function keepLogin(
  { credentials, now }: TokenParts,
  exchange: Exchange,
  { login, client }: { login: Login; client: string | null },
): Promise<{ refresh_token?: string }> {
  const { identity, credential } = login
  if (identity.kind === 'anonymous') return {}
  const name = `login of ${(client ?? '').slice(0, 64) || 'a client'}`
  const owner = accountOf(identity)
  if (credential !== undefined) {
    exchange.note({ account: owner, keptLogin: name })
    return {}
  }
  try {
    const { id, secret } = await credentials.create({
      kind: 'refresh',
      owner,
      name,
      expires: now() + REFRESH_LIFE,
    })
    exchange.note({ account: owner, keptLogin: name, id })
    return { refresh_token: secret }
  } catch (error) {
    exchange.note({ refreshToken: error instanceof Error ? error.message : 'not made' })
    return {}
  }
}

/** No `issued_at`: clients then count from their own clock, where a clock of ours that is wrong would hurt them. */
function answer(parts: TokenParts, token: string, more: Readonly<Record<string, string>>): Reply {
  const body = { token, access_token: token, expires_in: parts.tokens.lifeSeconds, ...more }
  return json(200, body, { 'cache-control': 'no-store' })
}
