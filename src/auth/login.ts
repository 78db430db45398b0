import { RegistryError } from '../oci/registry-error.ts'
import type { Credentials, Known } from './credentials.ts'
import { type Identity, loginNameOf, userAccount } from './identity.ts'
import { parseKeyFile } from './key-file.ts'
import type { PasswordLogin } from './password-login.ts'
import { RefusedLogin } from './refused-login.ts'
import { isSecret } from './secrets.ts'

/** Who logged in, and with which stored secret (hash in hex), if with one. */
export interface Login {
  readonly identity: Identity
  readonly credential?: string
}

/** User name and password of one login. */
export interface BasicCredentials {
  readonly username: string
  readonly password: string
}

export interface Logins {
  /** Throws UNAUTHORIZED when the pair is wrong, TOOMANYREQUESTS after too many failures. */
  withPassword(basic: BasicCredentials, address: string): Promise<Login>
  /** A personal token or the key of a service account without a user name. Throws UNAUTHORIZED. */
  withSecret(secret: string): Promise<Login>
  /** What docker login was given to keep. Throws UNAUTHORIZED. */
  withRefreshToken(secret: string): Promise<Login>
}

/**
 * Login names of gcr.io under which any of our secrets may come: `oauth2accesstoken`, `_token`,
 * `_dcgcloud_token` (gcloud), `_dcgcr_2_1_0_token` (docker-credential-gcr, its version inside).
 */
const TOKEN_NAME = /^(?:oauth2accesstoken|_token_?|_dcgcloud_token_?|_dcgcr_(?:[0-9a-z]+_)*token_?)$/

/** Longest JSON that `_json_key` may send, in characters. */
const KEY_FILE_LIMIT = 16 * 1024

export function createLogins(parts: {
  readonly credentials: Credentials
  readonly passwordLogin: PasswordLogin
  readonly isUser: (name: string) => Promise<boolean>
}): Logins {
  const { credentials, passwordLogin, isUser } = parts

  const withSecret = async (secret: string): Promise<Login> => {
    const known = isSecret(secret) ? await credentials.find(secret, ['personal', 'account']) : undefined
    if (known === undefined) throw wrong('the token is not known here, or it has expired or was revoked')
    return loginOf(known)
  }

  const withKeyFile = async (text: string): Promise<Login> => {
    const file = text.length > KEY_FILE_LIMIT ? undefined : parseKeyFile(text)
    if (file === undefined)
      throw wrong('the password for _json_key is not a key file of this registry; send the whole file')
    const login = await withSecret(file.secret)
    if (loginNameOf(login.identity) !== file.user) throw wrong('the key file does not belong to its account')
    return login
  }

  return {
    withSecret,
    withPassword: async ({ username: typed, password }, address) => {
      const username = asUserName(typed)
      if (username === '_json_key') return withKeyFile(password)
      if (username === '_json_key_base64')
        return withKeyFile(Buffer.from(password.replaceAll(/\s/g, ''), 'base64').toString())
      if (TOKEN_NAME.test(username)) return withSecret(password)
      if (isSecret(password)) {
        const login = await withSecret(password)
        if (loginNameOf(login.identity) !== username) throw wrong('the token belongs to another user name')
        return login
      }
      const identity = await passwordLogin(username, password, address)
      if (identity === undefined) {
        const account = (await isUser(username)) ? userAccount(username) : undefined
        throw wrong('the user name or the password is wrong', account)
      }
      return { identity }
    },
    withRefreshToken: async (secret) => {
      const known = isSecret(secret) ? await credentials.find(secret, ['refresh']) : undefined
      if (known === undefined) throw wrong('the refresh token is over or was revoked; log in again')
      return loginOf(known)
    },
  }
}

/** All names are in lower case, and phones begin every field with a capital letter. Only ASCII: no other letter becomes one of theirs. */
function asUserName(typed: string): string {
  return typed.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}

function loginOf(known: Known): Login {
  return { identity: known.identity, credential: known.hash }
}

function wrong(message: string, account?: string): RegistryError {
  return new RegistryError('UNAUTHORIZED', { message, cause: new RefusedLogin(account) })
}
