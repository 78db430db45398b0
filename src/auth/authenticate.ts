import { RegistryError } from '../oci/registry-error.ts'
import { ANONYMOUS, type Caller, UNCHECKED } from './identity.ts'
import type { BasicCredentials, Login, Logins } from './login.ts'
import { isSecret } from './secrets.ts'
import type { Tokens } from './tokens.ts'

/**
 * Who sends a request with this Authorization header from this address. Anonymous without one.
 * Throws UNAUTHORIZED for anything wrong (a wrong Bearer with detail `{ error: 'invalid_token' }`, for the challenge),
 * TOOMANYREQUESTS after too many failures; never falls back to anonymous.
 */
export type Authenticate = (header: string | undefined, address: string) => Promise<Caller>

/** Characters of a header that are looked at: key files of 4 KiB and more come as Basic passwords. */
const HEADER_LIMIT = 32 * 1024

export function createAuthenticate(parts: {
  readonly enabled: boolean
  readonly logins: Logins
  readonly tokens: Tokens
}): Authenticate {
  const { enabled, logins, tokens } = parts
  return async (header, address) => {
    if (!enabled) return UNCHECKED
    if (header === undefined || header === '') return ANONYMOUS
    const [, scheme = '', value = ''] =
      /^([A-Za-z]+)(?: +(.*))?$/s.exec(header.slice(0, HEADER_LIMIT + 1)) ?? []
    if (header.length > HEADER_LIMIT)
      throw scheme.toLowerCase() === 'bearer'
        ? invalidToken('it is too long')
        : wrong('the Authorization header is too long')
    if (scheme.toLowerCase() === 'basic') {
      const basic = parseBasic(value)
      if (basic === undefined) throw wrong('the Basic credentials are not base64 of user:password')
      return callerOf(await logins.withPassword(basic, address))
    }
    if (scheme.toLowerCase() !== 'bearer')
      throw wrong('the Authorization scheme is not supported; use Bearer or Basic')
    // Clients that got no token, for a wrong password, ask without it.
    if (value === '') throw invalidToken('the header has none')
    if (isSecret(value)) return callerOf(await logins.withSecret(value))
    const verified = await tokens.verify(value)
    if ('invalid' in verified) throw invalidToken(verified.invalid)
    return verified
  }
}

/** User name and password of a Basic header's value. Undefined when there is no colon: only the first one separates. */
function parseBasic(value: string): BasicCredentials | undefined {
  const text = Buffer.from(value.trim(), 'base64').toString()
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

function callerOf(login: Login): Caller {
  return { ...login, scope: undefined, expired: false }
}

function wrong(message: string): RegistryError {
  return new RegistryError('UNAUTHORIZED', { message })
}

function invalidToken(reason: string): RegistryError {
  return new RegistryError('UNAUTHORIZED', {
    message: `the token is not valid: ${reason}; get a new one from the token endpoint`,
    detail: { error: 'invalid_token' },
  })
}
