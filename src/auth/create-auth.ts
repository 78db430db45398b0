import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { keys } from '../records/keys.ts'
import { isUserName } from '../records/user.ts'
import type { AccessSettings } from './access.ts'
import { createAccessControl } from './access-control.ts'
import { createAuthenticate } from './authenticate.ts'
import { createCredentials } from './credentials.ts'
import { createFailureLimit } from './failure-limit.ts'
import { createLogins } from './login.ts'
import { createPasswordLogin } from './password-login.ts'
import { createPasswords, type Passwords } from './passwords.ts'
import { createSessions } from './sessions.ts'
import { createSharedFailures } from './shared-failures.ts'
import { createSigningKeys } from './signing-keys.ts'
import { createTokens, TOKEN_SECONDS } from './tokens.ts'
import { createUsers } from './users.ts'

export interface AuthParts {
  readonly metadata: MetadataStore
  /** False: everyone may do anything. */
  readonly enabled: boolean
  readonly settings: AccessSettings
  /** Seals the private signing keys in the store. */
  readonly secret: string | undefined
  /** Seconds that a token lasts; below 60 some clients ask again at each request. */
  readonly tokenSeconds?: number
  /** Cheaper ones in tests. */
  readonly passwords?: Passwords
  readonly now?: () => number
  /** Whether other processes serve the same registry: they count wrong passwords together. */
  readonly hasReplicas?: boolean
  /** Told of failures that nobody is answered for. */
  readonly onError?: (error: unknown, what: string) => void
}

/** All of this folder, put together. */
export function createAuth(parts: AuthParts) {
  const { metadata, enabled, settings, secret, tokenSeconds = TOKEN_SECONDS, now = Date.now } = parts
  const { passwords = createPasswords() } = parts
  const credentials = createCredentials({ metadata, now })
  const rate = { burst: 10, perSecond: 1, now }
  const failures = createFailureLimit(rate)
  const shared = parts.hasReplicas === true ? createSharedFailures({ metadata, ...rate }) : undefined
  const passwordLogin = createPasswordLogin({ metadata, passwords, failures, shared, now })
  const isUser = async (name: string) =>
    isUserName(name) && (await metadata.read([keys.user(name)]))[0] !== undefined
  const logins = createLogins({ credentials, passwordLogin, isUser })
  const signingKeys = createSigningKeys({ metadata, secret, now, onError: parts.onError })
  const tokens = createTokens({ keys: signingKeys, lifeSeconds: tokenSeconds, now })
  return {
    access: createAccessControl({ metadata, settings, now }),
    authenticate: createAuthenticate({ enabled, logins, tokens }),
    credentials,
    logins,
    sessions: createSessions({ metadata, now }),
    signingKeys,
    tokens,
    users: createUsers({ metadata, passwords, credentials, now }),
  }
}
