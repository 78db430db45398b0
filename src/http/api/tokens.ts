import { z } from 'zod'
import type { CredentialSummary } from '../../auth/credentials.ts'
import { accountOf, userAccount } from '../../auth/identity.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { USER_NAME_LIMIT } from '../../records/user.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { readJson } from '../request-body.ts'
import type { Route } from '../route.ts'
import { answer, date, endAfter, NO_CONTENT, optionalDate } from './answers.ts'
import { days, nameText } from './fields.ts'
import type { ApiParts } from './parts.ts'

type Parts = Pick<ApiParts, 'credentials' | 'users' | 'now'>

/** Personal access tokens of whom asks, and the refresh tokens that docker login left. */
export function personalTokenRoutes(parts: Parts): Route[] {
  const path = '/api/v1/user/tokens'
  return [
    { operationId: 'listTokens', method: 'GET', path, right: 'signed-in', handle: listTokens(parts) },
    { operationId: 'createToken', method: 'POST', path, right: 'signed-in', handle: createToken(parts) },
    {
      operationId: 'deleteToken',
      method: 'DELETE',
      path: `${path}/{id}`,
      right: 'signed-in',
      handle: deleteToken(parts),
    },
  ]
}

/** One page always: an owner has at most CREDENTIAL_LIMIT of them. */
function listTokens({ credentials, users }: Parts): Handler {
  return async (exchange) => {
    const found = await credentials.list(await ownerOf(users, exchange))
    return answer(200, { tokens: found.map(show) })
  }
}

const newToken = z.strictObject({ name: nameText, expiresInDays: days.optional() })

function createToken({ credentials, users, now }: Parts): Handler {
  return async (exchange) => {
    const owner = await ownerOf(users, exchange)
    const { name, expiresInDays } = await readJson(exchange.request, newToken)
    const wanted = { kind: 'personal', owner, name, expires: endAfter(now(), expiresInDays) } as const
    const { id, secret, expires } = await credentials.create({
      ...wanted,
      parent: exchange.caller.credential,
    })
    exchange.note({ id })
    return answer(201, { id, name, secret, ...optionalDate('expires', expires) })
  }
}

function deleteToken({ credentials, users }: Parts): Handler {
  return async (exchange) => {
    await credentials.revoke(await ownerOf(users, exchange), exchange.params['id'] ?? '')
    return NO_CONTENT
  }
}

/** Who administers the server on its own machine acts for the user in `?user=`. Throws DENIED, and NAME_UNKNOWN for no user. */
async function ownerOf(users: Parts['users'], { caller, query }: Exchange): Promise<string> {
  if (caller.identity.kind === 'user') return accountOf(caller.identity)
  const name = caller.identity.kind === 'unchecked' ? query.get('user') : null
  if (name !== null) {
    if ((await users.find(name)) !== undefined) return userAccount(name)
    throw new RegistryError('NAME_UNKNOWN', {
      message: `there is no user '${name.slice(0, USER_NAME_LIMIT)}'`,
    })
  }
  throw new RegistryError('DENIED', {
    message: 'only users have personal tokens; log in as one, or name one with --user',
  })
}

function show(token: CredentialSummary) {
  const { id, name, kind, created, expires, used } = token
  return {
    id,
    name,
    kind,
    created: date(created),
    ...optionalDate('expires', expires),
    ...optionalDate('used', used),
  }
}
