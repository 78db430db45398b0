import { z } from 'zod'
import { accountOf, type Caller, type Identity } from '../../auth/identity.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { projectUnknown } from '../../projects/project-record.ts'
import type { ProjectSummary } from '../../projects/projects.ts'
import { deleteRepositories } from '../../registry/delete-repository.ts'
import type { Handler } from '../exchange.ts'
import { readJson } from '../request-body.ts'
import type { Route } from '../route.ts'
import { answer, date, NO_CONTENT } from './answers.ts'
import { nameText } from './fields.ts'
import { nextOf, readPage } from './page.ts'
import type { ApiParts } from './parts.ts'

type Parts = Pick<ApiParts, 'projects' | 'access' | 'registry'>

/** Projects: whoever may pull from one sees it, its admins change it. */
export function projectRoutes(parts: Parts): Route[] {
  const all = '/api/v1/projects'
  const one = '/api/v1/projects/{project}'
  return [
    { operationId: 'listProjects', method: 'GET', path: all, right: 'anyone', handle: listProjects(parts) },
    {
      operationId: 'createProject',
      method: 'POST',
      path: all,
      right: 'signed-in',
      handle: createProject(parts),
    },
    {
      operationId: 'getProject',
      method: 'GET',
      path: one,
      right: 'project-viewer',
      handle: getProject(parts),
    },
    {
      operationId: 'changeProject',
      method: 'PATCH',
      path: one,
      right: 'project-admin',
      handle: changeProject(parts),
    },
    {
      operationId: 'deleteProject',
      method: 'DELETE',
      path: one,
      right: 'project-admin',
      handle: deleteProject(parts),
    },
  ]
}

function listProjects({ projects, access }: Parts): Handler {
  return async ({ caller, query }) => {
    const page = readPage(query)
    const found = await projects.list(await readerOf(access, caller), page)
    return answer(200, { projects: found.map(show), ...nextOf(found, page, (project) => project.name) })
  }
}

/** The caller by its record of now; a token of the token endpoint shows no more than nobody sees. */
async function readerOf(access: Parts['access'], caller: Caller): Promise<Identity> {
  const decision = await access.checkRegistry(caller, 'signed-in')
  return decision.outcome === 'allowed' ? decision.identity : { kind: 'anonymous' }
}

const newProject = z.strictObject({ name: nameText, public: z.boolean().optional() })

function createProject({ projects, access }: Parts): Handler {
  return async ({ caller, request }) => {
    const { name, public: open = false } = await readJson(request, newProject)
    const decision = await access.checkProject(caller, 'create', name)
    if (decision.outcome !== 'allowed') throw new RegistryError('DENIED', { message: decision.reason })
    const made = await projects.create({ name, public: open, account: accountOf(caller.identity) })
    return answer(201, show(made))
  }
}

/** With what the caller may do in it, so that nobody is offered what would be refused. */
function getProject({ projects, access }: Parts): Handler {
  return async ({ params, caller }) => {
    const name = params['project'] ?? ''
    const found = await projects.find(name)
    if (found === undefined) throw projectUnknown(name)
    const [push, administer] = await Promise.all([
      access.checkProject(caller, 'push', name),
      access.checkProject(caller, 'administer', name),
    ])
    const may = { push: push.outcome === 'allowed', administer: administer.outcome === 'allowed' }
    return answer(200, { ...show(found), may })
  }
}

const change = z.strictObject({ public: z.boolean() })

function changeProject({ projects }: Parts): Handler {
  return async ({ params, request }) => {
    const { public: open } = await readJson(request, change)
    return answer(200, show(await projects.setPublic(params['project'] ?? '', open)))
  }
}

/** With `repositories=delete` its repositories go first; what was begun is finished by the same request again. */
function deleteProject({ projects, registry }: Parts): Handler {
  return async ({ params, query }) => {
    const project = params['project'] ?? ''
    if (query.get('repositories') === 'delete') await deleteRepositories(registry, project)
    await projects.remove(project)
    return NO_CONTENT
  }
}

function show(project: ProjectSummary) {
  return { name: project.name, public: project.public, created: date(project.created) }
}
