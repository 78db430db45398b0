import { z } from 'zod'
import { accountOf, type Caller, type Identity } from '../../auth/identity.ts'
import type { UserSummary } from '../../auth/users.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { readJson } from '../request-body.ts'
import type { Route } from '../route.ts'
import { answer, date, NO_CONTENT } from './answers.ts'
import { nameText, passwordText } from './fields.ts'
import { nextOf, readPage } from './page.ts'
import type { ApiParts } from './parts.ts'

type Parts = Pick<ApiParts, 'users' | 'access'>

/** Users: for administrators, but for what everyone may know and change of oneself. */
export function userRoutes(parts: Parts): Route[] {
  return [
    {
      operationId: 'listUsers',
      method: 'GET',
      path: '/api/v1/users',
      right: 'administrator',
      handle: listUsers(parts),
    },
    {
      operationId: 'createUser',
      method: 'POST',
      path: '/api/v1/users',
      right: 'administrator',
      handle: createUser(parts),
    },
    {
      operationId: 'deleteUser',
      method: 'DELETE',
      path: '/api/v1/users/{user}',
      right: 'administrator',
      handle: deleteUser(parts),
    },
    {
      operationId: 'setPassword',
      method: 'PUT',
      path: '/api/v1/users/{user}/password',
      right: 'signed-in',
      handle: setPassword(parts),
    },
    { operationId: 'whoAmI', method: 'GET', path: '/api/v1/user', right: 'signed-in', handle: whoAmI(parts) },
  ]
}

const newUser = z.strictObject({
  name: nameText,
  password: passwordText.optional(),
  admin: z.boolean().optional(),
})

function createUser({ users }: Parts): Handler {
  return async ({ request }) => {
    const { name, password, admin = false } = await readJson(request, newUser)
    const made = await users.create({ name, password, administrator: admin })
    return answer(201, { name, ...shownOnce(made.password) })
  }
}

function listUsers({ users }: Parts): Handler {
  return async ({ query }) => {
    const page = readPage(query)
    const found = await users.list(page)
    return answer(200, { users: found.map(show), ...nextOf(found, page, (user) => user.name) })
  }
}

function deleteUser({ users }: Parts): Handler {
  return async ({ params }) => {
    await users.remove(params['user'] ?? '')
    return NO_CONTENT
  }
}

const newPassword = z.strictObject({ password: passwordText.optional() })

function setPassword(parts: Parts): Handler {
  return async (exchange) => {
    const name = exchange.params['user'] ?? ''
    const { password } = await readJson(exchange.request, newPassword)
    await requireSelfOrAdministrator(parts, exchange, name)
    const made = await parts.users.setPassword(name, password)
    return answer(200, shownOnce(made.password))
  }
}

/** Others get the same answer whether the user exists or not. */
async function requireSelfOrAdministrator(
  { access }: Parts,
  { caller }: Exchange,
  name: string,
): Promise<void> {
  if (caller.identity.kind === 'user' && caller.identity.name === name) return refuseToken(caller)
  const decision = await access.checkRegistry(caller, 'administrator')
  if (decision.outcome !== 'allowed')
    throw new RegistryError('DENIED', {
      message: 'you can change only your own password; an administrator can change any',
    })
}

/** Whoever finds a token must not be able to lock its user out. */
function refuseToken({ credential }: Caller): void {
  if (credential === undefined) return
  throw new RegistryError('DENIED', {
    message:
      'a personal token does not change the password of its own user; sign in with the password, or have an administrator set a new one',
  })
}

function whoAmI({ access }: Parts): Handler {
  return async ({ caller }) => {
    const decision = await access.checkRegistry(caller, 'signed-in')
    const identity = decision.outcome === 'allowed' ? decision.identity : caller.identity
    return answer(200, showIdentity(identity))
  }
}

/** An account as it sees itself. */
export function showIdentity(identity: Identity) {
  if (identity.kind === 'user') return { kind: 'user', name: identity.name, admin: identity.administrator }
  if (identity.kind === 'account')
    return { kind: 'account', project: identity.project, name: identity.name, role: identity.role }
  return { kind: identity.kind, name: accountOf(identity) }
}

function show(user: UserSummary) {
  const { name, administrator, created, disabled } = user
  return { name, admin: administrator, created: date(created), ...(disabled === true ? { disabled } : {}) }
}

function shownOnce(password: string | undefined) {
  return password === undefined ? {} : { password }
}
