import { z } from 'zod'
import type { CredentialSummary } from '../../auth/credentials.ts'
import { accountOf } from '../../auth/identity.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { isUserName } from '../../records/user.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { readJson } from '../request-body.ts'
import type { Route } from '../route.ts'
import { answer, date, endAfter, NO_CONTENT, optionalDate } from './answers.ts'
import { days, nameText } from './fields.ts'
import type { ApiParts } from './parts.ts'

type Parts = Pick<ApiParts, 'credentials' | 'now'>

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
function listTokens({ credentials }: Parts): Handler {
  return async (exchange) => {
    const found = await credentials.list(ownerOf(exchange))
    return answer(200, { tokens: found.map(show) })
  }
}

const newToken = z.strictObject({ name: nameText, expiresInDays: days.optional() })

function createToken({ credentials, now }: Parts): Handler {
  return async (exchange) => {
    const owner = ownerOf(exchange)
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

function deleteToken({ credentials }: Parts): Handler {
  return async (exchange) => {
    await credentials.revoke(ownerOf(exchange), exchange.params['id'] ?? '')
    return NO_CONTENT
  }
}

/** Who administers the server on its own machine acts for the user in `?user=`. */
function ownerOf({ caller, query }: Exchange): string {
  if (caller.identity.kind === 'user') return accountOf(caller.identity)
  const name = caller.identity.kind === 'unchecked' ? query.get('user') : null
  if (name !== null && isUserName(name)) return accountOf({ kind: 'user', name, administrator: false })
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
