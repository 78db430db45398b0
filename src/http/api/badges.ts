import { z } from 'zod'
import { accountOf } from '../../auth/identity.ts'
import { parseName } from '../../oci/name.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Handler } from '../exchange.ts'
import { readJson } from '../request-body.ts'
import type { Route } from '../route.ts'
import { answer, date, NO_CONTENT } from './answers.ts'
import { nameText } from './fields.ts'
import { nextOf, readPage } from './page.ts'
import type { ApiParts } from './parts.ts'

type Parts = Pick<ApiParts, 'badges'>

/** Keys that show the badges of private repositories: a project's admins give and take them. */
export function badgeRoutes(parts: Parts): Route[] {
  const all = '/api/v1/projects/{project}/badges'
  return [
    {
      operationId: 'listBadgeKeys',
      method: 'GET',
      path: all,
      right: 'project-admin',
      handle: listBadgeKeys(parts),
    },
    {
      operationId: 'createBadgeKey',
      method: 'POST',
      path: all,
      right: 'project-admin',
      handle: createBadgeKey(parts),
    },
    {
      operationId: 'deleteBadgeKey',
      method: 'DELETE',
      path: `${all}/{badge}`,
      right: 'project-admin',
      handle: deleteBadgeKey(parts),
    },
  ]
}

function listBadgeKeys({ badges }: Parts): Handler {
  return async ({ params, query }) => {
    const project = params['project'] ?? ''
    const page = readPage(query)
    if (page.after !== undefined && !/^[0-9a-f]{64}$/.test(page.after))
      throw new RegistryError('REQUEST_INVALID', { message: 'last takes the `next` of an earlier page' })
    const found = await badges.list(project, page)
    const shown = found.map(({ id, repository, created }) => ({ id, repository, created: date(created) }))
    return answer(200, { badges: shown, ...nextOf(found, page, ({ id }) => id) })
  }
}

const newBadgeKey = z.strictObject({ repository: nameText })

function createBadgeKey({ badges }: Parts): Handler {
  return async (exchange) => {
    const { params, request, caller } = exchange
    const project = params['project'] ?? ''
    const { repository: text } = await readJson(request, newBadgeKey)
    const repository = parseName(text)
    if (repository === undefined)
      throw new RegistryError('REQUEST_INVALID', {
        message: `'${text}' is no repository: write project/name`,
        detail: { field: 'repository' },
      })
    const made = await badges.create({ project, repository, createdBy: accountOf(caller.identity) })
    exchange.note({ id: made.id })
    return answer(201, { id: made.id, key: made.key, repository, created: date(made.created) })
  }
}

function deleteBadgeKey({ badges }: Parts): Handler {
  return async ({ params }) => {
    await badges.remove(params['project'] ?? '', params['badge'] ?? '')
    return NO_CONTENT
  }
}
