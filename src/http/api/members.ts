import { z } from 'zod'
import { roleField } from '../../records/fields.ts'
import type { Handler } from '../exchange.ts'
import { readJson } from '../request-body.ts'
import type { Route } from '../route.ts'
import { answer, date, NO_CONTENT } from './answers.ts'
import { nextOf, readPage } from './page.ts'
import type { ApiParts } from './parts.ts'

type Parts = Pick<ApiParts, 'members'>

/** Who may what in a project: for its admins alone, also to read. */
export function memberRoutes(parts: Parts): Route[] {
  const all = '/api/v1/projects/{project}/members'
  const one = `${all}/{user}`
  return [
    {
      operationId: 'listMembers',
      method: 'GET',
      path: all,
      right: 'project-admin',
      handle: listMembers(parts),
    },
    { operationId: 'putMember', method: 'PUT', path: one, right: 'project-admin', handle: putMember(parts) },
    {
      operationId: 'deleteMember',
      method: 'DELETE',
      path: one,
      right: 'project-admin',
      handle: deleteMember(parts),
    },
  ]
}

function listMembers({ members }: Parts): Handler {
  return async ({ params, query }) => {
    const project = params['project'] ?? ''
    const page = readPage(query)
    const found = await members.list(project, page)
    return answer(200, {
      members: found.map(({ user, role, since }) => ({ user, role, since: date(since) })),
      ...nextOf(found, page, (member) => member.user),
    })
  }
}

const membership = z.strictObject({ role: roleField })

function putMember({ members }: Parts): Handler {
  return async ({ params, request }) => {
    const { role } = await readJson(request, membership)
    const made = await members.put(params['project'] ?? '', params['user'] ?? '', role)
    return answer(200, { user: made.user, role: made.role, since: date(made.since) })
  }
}

function deleteMember({ members }: Parts): Handler {
  return async ({ params }) => {
    await members.remove(params['project'] ?? '', params['user'] ?? '')
    return NO_CONTENT
  }
}
