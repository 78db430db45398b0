import { z } from 'zod'
import { accountOf } from '../../auth/identity.ts'
import { makeKeyFile } from '../../auth/key-file.ts'
import { roleField } from '../../records/fields.ts'
import type { Handler } from '../exchange.ts'
import { readJson } from '../request-body.ts'
import type { Route } from '../route.ts'
import { answer, date, endAfter, NO_CONTENT, optionalDate } from './answers.ts'
import { days, nameText } from './fields.ts'
import { nextOf, readPage } from './page.ts'
import type { ApiParts } from './parts.ts'

type Parts = Pick<ApiParts, 'accounts' | 'now'>

/** Service accounts of a project: for its admins. */
export function accountRoutes(parts: Parts): Route[] {
  const all = '/api/v1/projects/{project}/accounts'
  const one = `${all}/{account}`
  return [
    {
      operationId: 'listAccounts',
      method: 'GET',
      path: all,
      right: 'project-admin',
      handle: listAccounts(parts),
    },
    {
      operationId: 'createAccount',
      method: 'POST',
      path: all,
      right: 'project-admin',
      handle: createAccount(parts),
    },
    {
      operationId: 'deleteAccount',
      method: 'DELETE',
      path: one,
      right: 'project-admin',
      handle: deleteAccount(parts),
    },
  ]
}

function listAccounts({ accounts }: Parts): Handler {
  return async ({ params, query }) => {
    const project = params['project'] ?? ''
    const page = readPage(query)
    const found = await accounts.list(project, page)
    return answer(200, {
      accounts: found.map(({ name, role, created, expires }) => ({
        name,
        user: `${project}+${name}`,
        role,
        created: date(created),
        ...optionalDate('expires', expires),
      })),
      ...nextOf(found, page, (account) => account.name),
    })
  }
}

const newAccount = z.strictObject({ name: nameText, role: roleField, expiresInDays: days.optional() })

function createAccount({ accounts, now }: Parts): Handler {
  return async ({ params, request, caller }) => {
    const project = params['project'] ?? ''
    const { name, role, expiresInDays } = await readJson(request, newAccount)
    const expires = endAfter(now(), expiresInDays)
    const createdBy = accountOf(caller.identity)
    const { secret } = await accounts.create({ project, name, role, expires, createdBy })
    const keyFile = makeKeyFile(project, name, secret)
    return answer(201, {
      name,
      role,
      user: keyFile.user,
      secret,
      keyFile,
      ...optionalDate('expires', expires),
    })
  }
}

function deleteAccount({ accounts }: Parts): Handler {
  return async ({ params }) => {
    await accounts.remove(params['project'] ?? '', params['account'] ?? '')
    return NO_CONTENT
  }
}
