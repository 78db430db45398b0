import type { AccessControl, Decision } from '../auth/access-control.ts'
import type { Caller } from '../auth/identity.ts'
import { TOKEN_SERVICE } from '../auth/tokens.ts'
import { formatChallenge } from '../oci/challenge.ts'
import { parseName, type RepositoryName, whyNotName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { ResourceScope } from '../oci/scope.ts'
import { projectUnknown } from '../projects/project-record.ts'
import type { Right } from './route.ts'

/** A request as far as its right goes. */
export interface RightRequest {
  readonly right: Right
  readonly params: Readonly<Record<string, string>>
  readonly caller: Caller
  readonly origin: string
}

/**
 * Lets a request pass or throws: on /v2/ UNAUTHORIZED with a challenge, whether the thing exists or not; on /api/v1
 * NAME_UNKNOWN for a project that the caller may not see, DENIED for what it may not do to one that it sees.
 */
export async function authorize(access: AccessControl, request: RightRequest): Promise<void> {
  const { right, caller } = request
  switch (right) {
    case 'anyone':
      return
    case 'ping':
    case 'catalog':
      return challengeUnlessAllowed(request, await access.checkRegistry(caller, right))
    case 'signed-in':
    case 'administrator':
      return denyUnlessAllowed(request, await access.checkRegistry(caller, right))
    case 'pull':
    case 'push':
    case 'delete':
      return challengeUnlessAllowed(
        request,
        await access.check(caller, right, repositoryName(request.params)),
      )
    case 'continue-upload':
      return challengeUnlessAllowed(
        request,
        await access.check(caller, 'push', repositoryName(request.params), { continuing: true }),
      )
    case 'project-viewer':
    case 'project-admin':
      return authorizeProject(access, request, right)
  }
}

/** The `{name}` of the path. Throws NAME_INVALID. */
export function repositoryName(params: Readonly<Record<string, string>>): RepositoryName {
  const text = params['name'] ?? ''
  const name = parseName(text)
  if (name === undefined) throw new RegistryError('NAME_INVALID', { message: whyNotName(text) })
  return name
}

async function authorizeProject(
  access: AccessControl,
  request: RightRequest,
  right: 'project-viewer' | 'project-admin',
): Promise<void> {
  const { caller } = request
  const project = request.params['project'] ?? ''
  const seen = await access.checkProject(caller, 'pull', project)
  if (seen.outcome === 'denied') throw projectUnknown(project)
  denyUnlessAllowed(request, seen)
  if (right === 'project-admin')
    denyUnlessAllowed(request, await access.checkProject(caller, 'administer', project))
}

function denyUnlessAllowed(request: RightRequest, decision: Decision): void {
  if (decision.outcome === 'denied') throw new RegistryError('DENIED', { message: decision.reason })
  challengeUnlessAllowed(request, decision)
}

function challengeUnlessAllowed(request: RightRequest, decision: Decision): void {
  if (decision.outcome === 'allowed') return
  const error = decision.outcome === 'unauthenticated' ? decision.error : 'insufficient_scope'
  throw challenged(request.origin, decision.reason, { scope: scopeOf(request), ...(error && { error }) })
}

/** A 401 with the challenge that says where to get a token, and for what. */
export function challenged(
  origin: string,
  message: string,
  challenge: {
    readonly scope?: readonly ResourceScope[]
    readonly error?: 'insufficient_scope' | 'invalid_token'
  } = {},
): RegistryError {
  const realm = `${origin}/token`
  return new RegistryError('UNAUTHORIZED', {
    message,
    headers: { 'www-authenticate': formatChallenge({ realm, service: TOKEN_SERVICE, ...challenge }) },
  })
}

const ACTIONS: Partial<Record<Right, readonly string[]>> = {
  pull: ['pull'],
  push: ['pull', 'push'],
  'continue-upload': ['pull', 'push'],
  delete: ['delete'],
}

/** What the challenge of a route asks for. */
export function scopeOf({ right, params }: Pick<RightRequest, 'right' | 'params'>): readonly ResourceScope[] {
  if (right === 'catalog') return [{ type: 'registry', name: 'catalog', actions: ['*'] }]
  const actions = ACTIONS[right]
  const name = parseName(params['name'] ?? '')
  return actions === undefined || name === undefined ? [] : [{ type: 'repository', name, actions }]
}
