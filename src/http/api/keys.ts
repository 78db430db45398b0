import { z } from 'zod'
import type { Handler } from '../exchange.ts'
import { readJson } from '../request-body.ts'
import type { Route } from '../route.ts'
import { answer } from './answers.ts'
import type { ApiParts } from './parts.ts'

type Parts = Pick<ApiParts, 'signingKeys'>

/** The keys that sign tokens: for administrators. */
export function keyRoutes(parts: Parts): Route[] {
  return [
    {
      operationId: 'rotateKeys',
      method: 'POST',
      path: '/api/v1/keys/rotate',
      right: 'administrator',
      handle: rotateKeys(parts),
    },
  ]
}

/** `revoke`: a key was stolen; drop the old ones and every token they signed, running pushes included. */
const rotation = z.strictObject({ revoke: z.boolean().optional() })

function rotateKeys({ signingKeys }: Parts): Handler {
  return async ({ request }) => {
    const { revoke = false } = await readJson(request, rotation)
    return answer(200, { kid: await signingKeys.rotate({ revoke }) })
  }
}
