import { z } from 'zod'
import { accountOf } from '../../auth/identity.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { keepManifest } from '../../registry/keep-manifest.ts'
import type { RegistryParts } from '../../registry/parts.ts'
import { type DeletedManifest, listDeleted, restoreDeleted } from '../../registry/restore-manifest.ts'
import { rollbackTag, type TagStep, tagHistory } from '../../registry/tag-history.ts'
import type { Handler } from '../exchange.ts'
import { readJson } from '../request-body.ts'
import { requireDigest, requireTag } from '../require-name.ts'
import type { Route } from '../route.ts'
import { answer, date } from './answers.ts'
import { repositoryIn, repositoryText } from './content-params.ts'
import { nextOf, readPage } from './page.ts'

/** The life of tags and manifests: history, the way back, and marks. */
export function tagRoutes(registry: RegistryParts): Route[] {
  const project = '/api/v1/projects/{project}'
  return [
    {
      operationId: 'listTagLog',
      method: 'GET',
      path: `${project}/tag-log`,
      right: 'project-viewer',
      handle: listTagLog(registry),
    },
    {
      operationId: 'rollbackTag',
      method: 'POST',
      path: `${project}/rollback`,
      right: 'project-writer',
      handle: rollback(registry),
    },
    {
      operationId: 'listDeleted',
      method: 'GET',
      path: `${project}/deleted`,
      right: 'project-writer',
      handle: listDeletedManifests(registry),
    },
    {
      operationId: 'restoreManifest',
      method: 'POST',
      path: `${project}/restore`,
      right: 'project-writer',
      handle: restore(registry),
    },
    {
      operationId: 'keepManifest',
      method: 'PUT',
      path: `${project}/keep`,
      right: 'project-admin',
      handle: keep(registry),
    },
  ]
}

function listTagLog(registry: RegistryParts): Handler {
  return async ({ params, query }) => {
    const name = repositoryIn(params['project'] ?? '', query.get('repository') ?? '')
    const tag = requireTag(query.get('tag') ?? '')
    const page = readPage(query)
    const before = page.after === undefined ? undefined : Number(page.after)
    if (before !== undefined && !Number.isSafeInteger(before))
      throw new RegistryError('REQUEST_INVALID', { message: 'last takes the `next` of an earlier page' })
    const steps = await tagHistory(registry, { name, tag }, { before, limit: page.limit })
    return answer(200, {
      steps: steps.map(showStep),
      ...nextOf(steps, page, ({ sequence }) => String(sequence)),
    })
  }
}

function showStep({ at, ...step }: TagStep) {
  return { ...step, at: date(at) }
}

const rollbackBody = z.strictObject({
  repository: repositoryText,
  tag: z.string(),
  to: z.string().optional(),
})

function rollback(registry: RegistryParts): Handler {
  return async ({ params, request, caller }) => {
    const body = await readJson(request, rollbackBody)
    const name = repositoryIn(params['project'] ?? '', body.repository)
    const to = body.to === undefined ? undefined : requireDigest(body.to)
    const by = accountOf(caller.identity)
    return answer(200, await rollbackTag(registry, { name, tag: requireTag(body.tag), to, by }))
  }
}

function listDeletedManifests(registry: RegistryParts): Handler {
  return async ({ params, query }) => {
    const name = repositoryIn(params['project'] ?? '', query.get('repository') ?? '')
    const page = readPage(query)
    const after = page.after === undefined ? undefined : requireDigest(page.after)
    const found = await listDeleted(registry, name, { after, limit: page.limit })
    return answer(200, { manifests: found.map(showDeleted), ...nextOf(found, page, ({ digest }) => digest) })
  }
}

function showDeleted({ digest, tags, by, policy, at, until, manifest }: DeletedManifest) {
  return {
    digest,
    tags,
    by,
    ...(policy !== undefined && { policy }),
    at: date(at),
    until: date(until),
    mediaType: manifest?.mediaType,
  }
}

const manifestBody = z.strictObject({ repository: repositoryText, digest: z.string() })

function restore(registry: RegistryParts): Handler {
  return async ({ params, request, caller }) => {
    const body = await readJson(request, manifestBody)
    const name = repositoryIn(params['project'] ?? '', body.repository)
    const digest = requireDigest(body.digest)
    const tags = await restoreDeleted(registry, { name, digest, account: accountOf(caller.identity) })
    return answer(200, { digest, tags })
  }
}

const keepBody = manifestBody.extend({ keep: z.boolean() })

function keep(registry: RegistryParts): Handler {
  return async ({ params, request, caller }) => {
    const body = await readJson(request, keepBody)
    const name = repositoryIn(params['project'] ?? '', body.repository)
    const digest = requireDigest(body.digest)
    await keepManifest(registry, { name, digest, by: accountOf(caller.identity) }, body.keep)
    return answer(200, { digest, keep: body.keep })
  }
}
