import type { SigningKeys } from '../../auth/signing-keys.ts'
import { type Handler, json } from '../exchange.ts'

/** The public halves of the signing keys, as RFC 7517 has them, for whoever verifies our tokens elsewhere. */
export function publishKeys(keys: SigningKeys): Handler {
  return async () => json(200, { keys: await keys.published() }, { 'cache-control': 'public, max-age=60' })
}
