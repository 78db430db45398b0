import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { WhileUnchanged } from '../../storage/metadata/while-unchanged.ts'
import { isProjectName, projectOf, type RepositoryName } from '../oci/name.ts'
import {
  type AccessSettings,
  type Action,
  decide,
  grantedActions,
  type Standing,
  scopeHolds,
} from './access.ts'
import { grantAccess } from './grant.ts'
import { type Access, accountOf, type Caller, type Identity, identityOf } from './identity.ts'
import { type Found, lookUp, NO_PROJECT, type Who } from './standing.ts'

/** What access control found. `identity` is the caller with the rank of now; `isPublic`: anyone may read the project. */
export type Decision =
  | {
      readonly outcome: 'allowed'
      readonly identity: Identity
      readonly isPublic: boolean
      /** Who may make the project, or administers the registry, may do so although there is none. */
      readonly absent?: boolean
    }
  /** Nobody in particular asked, or with a token that is over or whose account is gone (`invalid_token`). */
  | { readonly outcome: 'unauthenticated'; readonly reason: string; readonly error?: 'invalid_token' }
  /** The account may, the token it was narrowed to may not: `insufficient_scope`. */
  | { readonly outcome: 'narrow'; readonly reason: string }
  /** The account may not. */
  | { readonly outcome: 'denied'; readonly reason: string }

/** Rights on the registry as a whole. `ping` is GET /v2/. */
type RegistryRight = 'ping' | 'catalog' | 'signed-in' | 'administrator'

interface CheckOptions {
  /** The request goes on with an upload that was authorised at its start: an expired token still counts. */
  readonly continuing?: boolean
}

/**
 * Decides about each request from the records as they are then, read at once: disabled and deleted users, removed members
 * and changed visibility count at once, also under live tokens. Rejects with the store's errors.
 */
export interface AccessControl {
  /** For /v2/: an action on one repository. */
  check(
    caller: Caller,
    action: Exclude<Action, 'create' | 'administer'>,
    repository: RepositoryName,
    options?: CheckOptions,
  ): Promise<Decision>
  /** For /api/v1: an action on a project. A token of the token endpoint is `narrow` here: it is for /v2/ alone. */
  checkProject(caller: Caller, action: Action, project: string): Promise<Decision>
  checkRegistry(caller: Caller, right: RegistryRight): Promise<Decision>
  /** Whether a blob may be mounted from `source`: pull there, by the account and by the token. */
  mayMount(caller: Caller, source: RepositoryName): Promise<boolean>
  /** Whether an account, as accountOf writes it, may push to a project by the records of now. */
  accountMayPush(account: string, project: string): Promise<boolean>
  /** The part of `asked` that the account has: what a token may hold. */
  grant(identity: Identity, asked: readonly Access[]): Promise<Access[]>
}

export function createAccessControl(parts: {
  readonly metadata: MetadataStore
  readonly settings: AccessSettings
  readonly now: () => number
}): AccessControl {
  const { metadata, settings, now } = parts
  const found = new WhileUnchanged<Found>(metadata)

  const decided = async (
    caller: Caller,
    project: string | undefined,
    judge: Judge,
    options: CheckOptions = {},
  ) => {
    if (caller.identity.kind === 'unchecked') return allowed(caller.identity, NO_PROJECT)
    if (caller.expired && options.continuing !== true) return invalidToken('the token has expired')
    const who = `${accountOf(caller.identity)} ${caller.issued ?? ''} ${project ?? ''}`
    const {
      identity: known,
      standing,
      expires,
    } = await found.get(who, () => lookUp(metadata, { ...caller, at: now() }, project))
    const identity = expires !== undefined && expires <= now() ? undefined : known
    if (identity === undefined) return invalidToken('the account behind these credentials is gone')
    return judge(identity, standing)
  }

  const check: AccessControl['check'] = (caller, action, repository, options) => {
    const { scope } = caller
    const judge: Judge = (identity, standing) => {
      const verdict = decide(identity, action, standing, settings)
      if (!verdict.allowed) {
        const asked = scope === undefined ? [action] : actionsInScope(scope, repository)
        if (!grantedActions(identity, asked, standing, settings).includes(action))
          return refused(caller, verdict.reason)
      }
      if (scope === undefined || scopeHolds(scope, 'repository', repository, action))
        return allowed(identity, standing)
      return narrow(`the token is not for ${action} on '${repository}'; ask for one with that scope`)
    }
    return decided(caller, projectOf(repository), judge, options)
  }

  return {
    check,
    checkProject: (caller, action, project) => {
      const known = isProjectName(project) ? project : undefined
      if (caller.identity.kind === 'unchecked')
        return allowUnchecked(metadata, { ...caller, at: now() }, known)
      return decided(caller, known, judgeProject(caller, action, settings))
    },
    checkRegistry: (caller, right) =>
      decided(caller, undefined, (identity) => judgeRegistry(caller, identity, right)),
    mayMount: async (caller, source) => (await check(caller, 'pull', source)).outcome === 'allowed',
    accountMayPush: async (account, project) => {
      const identity = identityOf(account)
      if (identity === undefined) return false
      const found = await lookUp(metadata, { identity, at: now() }, project)
      return found.identity !== undefined && decide(found.identity, 'push', found.standing, settings).allowed
    },
    grant: (identity, asked) => grantAccess(metadata, settings, { identity, at: now() }, asked),
  }
}

/** Nobody is judged; what is asked about has to be there all the same. */
async function allowUnchecked(
  metadata: MetadataStore,
  who: Who,
  project: string | undefined,
): Promise<Decision> {
  const { standing } = await lookUp(metadata, who, project)
  return { ...allowed(who.identity, standing), absent: !standing.exists }
}

type Judge = (identity: Identity, standing: Standing) => Decision

const REGISTRY_TOKEN =
  'a token of the token endpoint is for /v2/ alone; use a password or a personal token here'

function actionsInScope(scope: readonly Access[], repository: RepositoryName): string[] {
  return scope
    .filter((access) => access.type === 'repository' && access.name === repository)
    .flatMap((access) => access.actions)
}

function judgeProject(caller: Caller, action: Action, settings: AccessSettings): Judge {
  return (identity, standing) => {
    const verdict = decide(identity, action, standing, settings)
    if (!verdict.allowed) return refused(caller, verdict.reason)
    if (caller.scope !== undefined) return narrow(REGISTRY_TOKEN)
    return { ...allowed(identity, standing), absent: !standing.exists }
  }
}

function judgeRegistry(caller: Caller, identity: Identity, right: RegistryRight): Decision {
  const { scope } = caller
  // Any valid token gets a 200 from /v2/, an anonymous one too; who shows none must learn where to get one.
  if (right === 'ping' && scope !== undefined) return allowed(identity, NO_PROJECT)
  if (identity.kind === 'anonymous') return refused(caller, 'that takes an account; log in first')
  if (right === 'administrator' && !(identity.kind === 'user' && identity.administrator))
    return refused(caller, 'that takes an administrator of the registry')
  if (scope === undefined || right === 'ping') return allowed(identity, NO_PROJECT)
  if (right !== 'catalog') return narrow(REGISTRY_TOKEN)
  if (scopeHolds(scope, 'registry', 'catalog', '*')) return allowed(identity, NO_PROJECT)
  return narrow("the token is not for the catalog; ask for one with scope 'registry:catalog:*'")
}

function allowed(
  identity: Identity,
  { public: isPublic }: Standing,
): Extract<Decision, { outcome: 'allowed' }> {
  return { outcome: 'allowed', identity, isPublic }
}

function narrow(reason: string): Decision {
  return { outcome: 'narrow', reason }
}

function invalidToken(reason: string): Decision {
  return { outcome: 'unauthenticated', reason, error: 'invalid_token' }
}

/** Who showed nothing at all is asked to log in; everyone else has been judged. */
function refused(caller: Caller, reason: string): Decision {
  const nobody = caller.identity.kind === 'anonymous' && caller.scope === undefined
  return nobody ? { outcome: 'unauthenticated', reason } : { outcome: 'denied', reason }
}
