import type { SigningKeys } from '../../auth/signing-keys.ts'
import type { Route } from '../route.ts'
import { getToken, postToken, type TokenParts } from './issue-token.ts'
import { publishKeys } from './publish-keys.ts'

/** The token endpoint under both its names (`/v2/token` is gcr.io's), and the keys that verify its tokens. */
export function tokenRoutes(parts: TokenParts & { readonly signingKeys: SigningKeys }): Route[] {
  const get = getToken(parts)
  const post = postToken(parts)
  return [
    { operationId: 'getToken', method: 'GET', path: '/token', right: 'anyone', handle: get },
    { operationId: 'postToken', method: 'POST', path: '/token', right: 'anyone', handle: post },
    { operationId: 'getTokenAlias', method: 'GET', path: '/v2/token', right: 'anyone', handle: get },
    { operationId: 'postTokenAlias', method: 'POST', path: '/v2/token', right: 'anyone', handle: post },
    {
      operationId: 'getKeys',
      method: 'GET',
      path: '/.well-known/jwks.json',
      right: 'anyone',
      handle: publishKeys(parts.signingKeys),
    },
  ]
}
