import type { Role } from '../records/fields.ts'
import type { Access, Identity } from './identity.ts'

/**
 * The policy, whole and pure. Everyone who has to know what a caller may do asks here:
 * /v2/, the token endpoint, mounts, /api/v1, page and command line.
 */

/** `administer`: members, settings and accounts of a project. `create`: make a project by asking for it. */
export type Action = 'pull' | 'push' | 'delete' | 'administer' | 'create'

/** What is known of the project that an action is about. */
export interface Standing {
  readonly exists: boolean
  /** Anyone may pull. */
  readonly public: boolean
  /** What the caller is in this project: as a member, or as one of its service accounts. */
  readonly role?: Role | undefined
}

export interface AccessSettings {
  /**
   * Who may make projects. `users`: every user, by asking or by a first push. `admin`: only registry administrators,
   * either way. `nobody`: no push makes one; registry administrators still can by asking.
   */
  readonly createProjects: 'admin' | 'users' | 'nobody'
}

export type Verdict = { readonly allowed: true } | { readonly allowed: false; readonly reason: string }

const ALLOWED: Verdict = { allowed: true }
const RANK: Readonly<Record<Role, number>> = { viewer: 1, writer: 2, admin: 3 }
const NEEDED: Readonly<Record<Exclude<Action, 'create'>, Role>> = {
  pull: 'viewer',
  push: 'writer',
  delete: 'admin',
  administer: 'admin',
}

/** Whether `identity` may do `action` in a project of which `standing` is known. */
export function decide(
  identity: Identity,
  action: Action,
  standing: Standing,
  settings: AccessSettings,
): Verdict {
  if (identity.kind === 'unchecked') return ALLOWED
  if (action === 'create') return decideCreation(identity, settings, 'asking')
  if (action === 'push' && !standing.exists) return decideCreation(identity, settings, 'push')
  if (identity.kind === 'user' && identity.administrator) return ALLOWED
  if (action === 'pull' && standing.exists && standing.public) return ALLOWED
  const needed = NEEDED[action]
  if (standing.exists && standing.role !== undefined && RANK[standing.role] >= RANK[needed]) return ALLOWED
  // The same sentence for a project that is not there: nobody learns names from refusals.
  return denied(`that takes the role ${needed} in the project; one of its admins can give it`)
}

/** The registry actions that `identity` has among `asked`; `*` asks for all of them. */
export function grantedActions(
  identity: Identity,
  asked: readonly string[],
  standing: Standing,
  settings: AccessSettings,
): ScopedAction[] {
  const wanted = asked.includes('*')
    ? SCOPED_ACTIONS
    : SCOPED_ACTIONS.filter((action) => asked.includes(action))
  const granted = wanted.filter((action) => decide(identity, action, standing, settings).allowed)
  // A first push looks for what it is about to send, in a project that does not exist yet, and many clients do so with
  // a token for pull alone. Whoever may make the project gets that pull: a mere reader gets the same answer for an
  // absent project as for a hidden one.
  const looksFirst =
    !standing.exists && wanted.includes('pull') && decide(identity, 'push', standing, settings).allowed
  return looksFirst ? [...new Set<ScopedAction>(['pull', ...granted])] : granted
}

const SCOPED_ACTIONS = ['pull', 'push', 'delete'] as const
export type ScopedAction = (typeof SCOPED_ACTIONS)[number]

/** Whether a token's scope holds an action. A token narrows an account: both must allow. */
export function scopeHolds(scope: readonly Access[], type: string, name: string, action: string): boolean {
  return scope.some(
    (access) =>
      access.type === type &&
      access.name === name &&
      (access.actions.includes(action) || access.actions.includes('*')),
  )
}

function decideCreation(identity: Identity, settings: AccessSettings, by: 'asking' | 'push'): Verdict {
  if (identity.kind !== 'user') return denied('only users make projects')
  if (settings.createProjects === 'nobody' && by === 'push')
    return denied('this registry makes no project by a push; ask an administrator for the project')
  if (identity.administrator || settings.createProjects === 'users') return ALLOWED
  return denied('only administrators make projects here; ask one for the project')
}

function denied(reason: string): Verdict {
  return { allowed: false, reason }
}
