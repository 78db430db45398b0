import type { IncomingMessage } from 'node:http'
import type { AccessControl } from '../../auth/access-control.ts'
import type { Credentials } from '../../auth/credentials.ts'
import type { Logins } from '../../auth/login.ts'
import type { Sessions } from '../../auth/sessions.ts'
import type { SigningKeys } from '../../auth/signing-keys.ts'
import type { Users } from '../../auth/users.ts'
import type { Accounts } from '../../projects/accounts.ts'
import type { BadgeKeys } from '../../projects/badges.ts'
import type { Members } from '../../projects/members.ts'
import type { Projects } from '../../projects/projects.ts'
import type { RegistryParts } from '../../registry/parts.ts'

/** How the address of a request is found out, for counting failed logins. */
type AddressOf = (request: IncomingMessage) => string

/** What the handlers of /api/v1 ask. */
export interface ApiParts {
  readonly access: AccessControl
  readonly users: Users
  readonly credentials: Credentials
  readonly logins: Logins
  readonly sessions: Sessions
  readonly addressOf: AddressOf
  readonly projects: Projects
  readonly members: Members
  readonly accounts: Accounts
  readonly badges: BadgeKeys
  readonly signingKeys: SigningKeys
  readonly registry: RegistryParts
  readonly now: () => number
}
