import type { Logger } from 'pino'
import { RefusedLogin } from '../../auth/refused-login.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { challenged } from '../authorize.ts'
import type { Reply } from '../exchange.ts'
import { asRegistryError, renderError } from '../render-error.ts'
import { ClientGone, writeReply } from '../write-reply.ts'
import type { RequestState } from './request-state.ts'

/** The only writer of answers: of what `handle` gives, and of every failure. */
export function answer(
  handle: (state: RequestState) => Promise<Reply>,
  log: Logger,
): (state: RequestState) => Promise<void> {
  return async (state) => {
    try {
      await send(state, await handle(state))
    } catch (error) {
      await fail(state, error, log)
    }
  }
}

async function send(state: RequestState, reply: Reply): Promise<void> {
  const headers = withCommonHeaders(state, reply.headers)
  state.bytesOut = await writeReply(state.request, state.response, { ...reply, headers })
}

function withCommonHeaders({ id, path }: RequestState, headers: Reply['headers']): Record<string, string> {
  const common = { 'x-request-id': id, 'x-content-type-options': 'nosniff' }
  return path.startsWith('/v2/') || path === '/v2'
    ? { ...common, 'docker-distribution-api-version': 'registry/2.0', ...headers }
    : { ...common, ...headers }
}

async function fail(state: RequestState, error: unknown, log: Logger): Promise<void> {
  const { response } = state
  if (error instanceof ClientGone || isGone(state)) {
    state.fields['aborted'] = true
    response.destroy()
    return
  }
  const known = withChallenge(asRegistryError(error), state)
  if (error instanceof RegistryError && error.cause instanceof RefusedLogin) state.refused = error.cause
  state.fields['code'] = known.code
  if (known.status >= 500 && (known.cause !== undefined || known !== error))
    log.error({ requestId: state.id, err: known.cause ?? error }, known.message)
  if (response.headersSent) {
    // Too late for an answer: an answer cut short is better than one that looks whole.
    state.fields['aborted'] = true
    response.destroy()
    return
  }
  await send(state, renderError(known, state.id))
}

/** The client closed its connection, so that whatever failed is its doing and nobody is left to be told. */
function isGone({ request }: RequestState): boolean {
  return request.destroyed && !request.complete
}

/** Every 401 carries a challenge: clients learn from it where to get a token. */
function withChallenge(error: RegistryError, state: RequestState): RegistryError {
  if (error.status !== 401 || error.headers['www-authenticate'] !== undefined) return error
  const invalid = error.detail?.['error'] === 'invalid_token'
  return challenged(state.client.origin, error.message, invalid ? { error: 'invalid_token' } : {})
}
