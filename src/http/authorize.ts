import type { AccessControl, Decision } from '../auth/access-control.ts'
import type { Caller } from '../auth/identity.ts'
import { TOKEN_SERVICE } from '../auth/tokens.ts'
import { type Challenge, formatChallenge } from '../oci/challenge.ts'
import { parseImageReference } from '../oci/image-reference.ts'
import { parseName, projectOf, type RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { ResourceScope } from '../oci/scope.ts'
import { projectUnknown } from '../projects/project-record.ts'
import { requireName } from './require-name.ts'
import type { Right } from './route.ts'

/** A request as far as its right goes. */
export interface RightRequest {
  readonly right: Right
  readonly params: Readonly<Record<string, string>>
  readonly caller: Caller
  readonly query: URLSearchParams
  readonly origin: string
}

/** What is known of a request that may go on. */
export interface Authorized {
  /** Anyone may read the project: proxies may keep its content. */
  readonly isPublic: boolean
}

/**
 * Lets a request pass or throws: on /v2/ UNAUTHORIZED with a challenge, whether the thing exists or not; on /api/v1
 * NAME_UNKNOWN for a project that the caller may not see, DENIED for what it may not do to one that it sees.
 */
export async function authorize(access: AccessControl, request: RightRequest): Promise<Authorized> {
  const { right, caller } = request
  switch (right) {
    case 'anyone':
      return { isPublic: false }
    case 'ping':
    case 'catalog':
      return challengeUnlessAllowed(request, await access.checkRegistry(caller, right))
    case 'signed-in':
    case 'administrator':
      return denyUnlessAllowed(request, await access.checkRegistry(caller, right))
    case 'pull':
    case 'push':
    case 'delete':
      return authorizeRepository(
        access,
        request,
        await access.check(caller, right, repositoryName(request.params)),
      )
    case 'continue-upload':
      return authorizeRepository(
        access,
        request,
        await access.check(caller, 'push', repositoryName(request.params), { continuing: true }),
      )
    case 'pull-ref':
      return authorizeRef(access, request, 'pull')
    case 'push-ref':
      return authorizeRef(access, request, 'push')
    case 'project-viewer':
    case 'project-writer':
    case 'project-admin':
      return authorizeProject(access, request, right)
  }
}

/** The `{name}` of the path. Throws NAME_INVALID. */
export function repositoryName(params: Readonly<Record<string, string>>): RepositoryName {
  return requireName(params['name'] ?? '')
}

/**
 * The reason for a refusal would tell a hidden repository from an absent one, so it is the same for both. Whoever may
 * pull knows the project, and hears what is missing.
 */
async function authorizeRepository(
  access: AccessControl,
  request: RightRequest,
  decision: Decision,
): Promise<Authorized> {
  const hidden = decision.outcome === 'denied' || (decision.outcome === 'unauthenticated' && !decision.error)
  if (!hidden) return challengeUnlessAllowed(request, decision)
  const name = repositoryName(request.params)
  const action = ACTION_NAME[request.right] ?? 'do that'
  const seen = decision.outcome === 'denied' && action !== 'pull' && (await seesIt(access, request, name))
  const who = request.caller.identity.kind === 'anonymous' ? 'without logging in ' : ''
  const reason = seen
    ? `${who}you may pull from '${name}', but not ${action}: ${decision.reason}`
    : `'${name}' does not exist, or you may not ${action} there; log in with an account that may, or ask an admin of the project`
  return challengeUnlessAllowed(request, { ...decision, reason })
}

/** By the account alone: a token that is for another action is no secret to whom it was given. */
async function seesIt(
  access: AccessControl,
  { caller }: RightRequest,
  name: RepositoryName,
): Promise<boolean> {
  return (await access.check({ ...caller, scope: undefined }, 'pull', name)).outcome === 'allowed'
}

const ACTION_NAME: Partial<Record<Right, string>> = {
  pull: 'pull',
  delete: 'delete',
  push: 'push',
  'continue-upload': 'push',
}

async function authorizeProject(
  access: AccessControl,
  request: RightRequest,
  right: 'project-viewer' | 'project-writer' | 'project-admin',
): Promise<Authorized> {
  const { caller } = request
  const project = request.params['project'] ?? ''
  const seen = await access.checkProject(caller, 'pull', project)
  if (seen.outcome === 'denied' || (seen.outcome === 'allowed' && seen.absent === true))
    throw projectUnknown(project)
  const viewer = denyUnlessAllowed(request, seen)
  if (right === 'project-viewer') return viewer
  const action = right === 'project-writer' ? 'push' : 'administer'
  return denyUnlessAllowed(request, await access.checkProject(caller, action, project))
}

/** Hidden, absent, and asked for by nobody in particular are the same answer; only a token that is over is said to be. */
async function authorizeRef(
  access: AccessControl,
  request: RightRequest,
  action: 'pull' | 'push',
): Promise<Authorized> {
  const { query, caller, origin } = request
  const name = queriedRepository(query)
  const decision = await access.checkProject(caller, action, projectOf(name))
  if (decision.outcome === 'allowed') return { isPublic: decision.isPublic }
  if (decision.outcome === 'unauthenticated' && decision.error !== undefined)
    throw challenged(origin, decision.reason, { error: decision.error })
  // Who may look and not push is told why; nobody in particular is asked who it is, in the same words whatever is there.
  if (action === 'push') {
    if (decision.outcome === 'unauthenticated')
      throw challenged(origin, 'that takes an account that may push there; log in first')
    const seen = await access.checkProject(caller, 'pull', projectOf(name))
    if (seen.outcome === 'allowed') return denyUnlessAllowed(request, decision)
  }
  throw repositoryHidden(name)
}

/** The repository that a query's `ref` or `repository` names. Throws REQUEST_INVALID. */
export function queriedRepository(query: URLSearchParams): RepositoryName {
  const ref = query.get('ref')
  const name = ref === null ? parseName(query.get('repository') ?? '') : parseImageReference(ref)?.name
  if (name !== undefined) return name
  throw new RegistryError('REQUEST_INVALID', {
    message:
      'name an image as ref=project/name:tag or ref=project/name@sha256:…, or a repository as repository=project/name',
    detail: { field: ref === null ? 'repository' : 'ref' },
  })
}

/** A repository that is not there, or not the caller's to see. */
export function repositoryHidden(name: RepositoryName): RegistryError {
  return new RegistryError('NAME_UNKNOWN', {
    message: `repository '${name}' does not exist, or you may not see it; sign in with an account that may`,
    detail: { name },
  })
}

function denyUnlessAllowed(request: RightRequest, decision: Decision): Authorized {
  if (decision.outcome === 'denied') throw new RegistryError('DENIED', { message: decision.reason })
  return challengeUnlessAllowed(request, decision)
}

function challengeUnlessAllowed(request: RightRequest, decision: Decision): Authorized {
  if (decision.outcome === 'allowed') return { isPublic: decision.isPublic }
  const scope = scopeOf(request)
  // A token that is too narrow says nothing to people: the client gets a wider one and asks again.
  if (decision.outcome === 'denied')
    throw challenged(request.origin, decision.reason, {
      scope,
      error: 'insufficient_scope',
      description: decision.reason,
    })
  const error = decision.outcome === 'narrow' ? 'insufficient_scope' : decision.error
  throw challenged(request.origin, decision.reason, { scope, ...(error && { error }) })
}

/** A 401 with the challenge that says where to get a token, and for what. `cause` is for the log. */
export function challenged(
  origin: string,
  message: string,
  challenge: Omit<Challenge, 'realm' | 'service'> = {},
  cause?: unknown,
): RegistryError {
  const realm = `${origin}/token`
  return new RegistryError('UNAUTHORIZED', {
    message,
    headers: { 'www-authenticate': formatChallenge({ realm, service: TOKEN_SERVICE, ...challenge }) },
    cause,
  })
}

const ACTIONS: Partial<Record<Right, readonly string[]>> = {
  pull: ['pull'],
  push: ['pull', 'push'],
  'continue-upload': ['pull', 'push'],
  delete: ['delete'],
}

/** What the challenge of a route asks for. A mount needs its source, too. */
export function scopeOf({
  right,
  params,
  query,
}: Pick<RightRequest, 'right' | 'params' | 'query'>): readonly ResourceScope[] {
  if (right === 'catalog') return [{ type: 'registry', name: 'catalog', actions: ['*'] }]
  const actions = ACTIONS[right]
  const name = parseName(params['name'] ?? '')
  if (actions === undefined || name === undefined) return []
  const source = right === 'push' && query.has('mount') ? parseName(query.get('from') ?? '') : undefined
  const target = { type: 'repository', name, actions }
  return source === undefined ? [target] : [target, { type: 'repository', name: source, actions: ['pull'] }]
}
