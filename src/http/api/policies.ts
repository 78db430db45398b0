import { z } from 'zod'
import { type Candidate, candidatesNow } from '../../maintenance/retention-candidates.ts'
import { type PolicyRecord, policyFields } from '../../records/policy.ts'
import type { RegistryParts } from '../../registry/parts.ts'
import { policyOf } from '../../registry/policies.ts'
import { changePolicy, checkRules } from '../../registry/set-policy.ts'
import { usageOf } from '../../registry/usage.ts'
import type { Handler } from '../exchange.ts'
import { readJson } from '../request-body.ts'
import type { Route } from '../route.ts'
import { createTurns, type InTurn } from '../turns.ts'
import { answer, date, optionalDate } from './answers.ts'

/** Candidates that a preview names; it counts them all. */
const SHOWN = 1000
/** What was pulled within so many days is named first: somebody may miss it. */
const LATELY_MS = 90 * 24 * 3_600_000

/** Each looks at every tag of a project. */
const PREVIEWS = { atOnce: 1, waiting: 100, refusal: 'too many previews of rules are made at once' }

/** What a project lets go of, keeps, and may hold. */
export function policyRoutes(registry: RegistryParts): Route[] {
  const project = '/api/v1/projects/{project}'
  return [
    {
      operationId: 'getPolicy',
      method: 'GET',
      path: `${project}/policy`,
      right: 'project-viewer',
      handle: getPolicy(registry),
    },
    {
      operationId: 'changePolicy',
      method: 'PATCH',
      path: `${project}/policy`,
      right: 'project-admin',
      handle: patchPolicy(registry),
    },
    {
      operationId: 'previewRetention',
      method: 'POST',
      path: `${project}/retention-preview`,
      right: 'project-admin',
      handle: preview(registry, createTurns(PREVIEWS)),
    },
    {
      operationId: 'getUsage',
      method: 'GET',
      path: `${project}/usage`,
      right: 'project-viewer',
      handle: getUsage(registry),
    },
    {
      operationId: 'setQuota',
      method: 'PUT',
      path: `${project}/quota`,
      right: 'administrator',
      handle: setQuota(registry),
    },
  ]
}

function getPolicy(registry: RegistryParts): Handler {
  return async ({ params }) => answer(200, show(await policyOf(registry.metadata, params['project'] ?? '')))
}

function show({ immutableTags, refuseDangling, retention }: PolicyRecord) {
  return { immutableTags, refuseDangling, retention }
}

const { immutableTags, refuseDangling, retention } = policyFields
const change = z.strictObject({
  immutableTags: immutableTags.optional(),
  refuseDangling: refuseDangling.optional(),
  retention: retention.optional(),
})

function patchPolicy(registry: RegistryParts): Handler {
  return async ({ params, request }) => {
    const wanted = await readJson(request, change)
    const made = await changePolicy(registry, params['project'] ?? '', (policy) => ({
      ...policy,
      immutableTags: wanted.immutableTags ?? policy.immutableTags,
      refuseDangling: wanted.refuseDangling ?? policy.refuseDangling,
      retention: wanted.retention ?? policy.retention,
    }))
    return answer(200, show(made))
  }
}

const proposal = z.strictObject({ retention: retention.optional() })

/** What the rules would take now: those of the project, or other ones before they are set. */
function preview(registry: RegistryParts, inTurn: InTurn): Handler {
  return async (exchange) => {
    const project = exchange.params['project'] ?? ''
    const asked = await readJson(exchange.request, proposal)
    const current = await policyOf(registry.metadata, project)
    const policy = { ...current, retention: asked.retention ?? current.retention }
    checkRules(policy.retention)
    return inTurn(exchange, async () => answer(200, await foreseen(registry, project, policy)))
  }
}

async function foreseen(registry: RegistryParts, project: string, policy: PolicyRecord) {
  const shown: Candidate[] = []
  const lately: Candidate[] = []
  let count = 0
  for await (const candidate of candidatesNow(registry, project, policy)) {
    count += 1
    const recent = candidate.pulled !== undefined && candidate.pulled + LATELY_MS > registry.now()
    const list = recent ? lately : shown
    if (list.length < SHOWN) list.push(candidate)
  }
  return {
    count,
    pulledLately: newestFirst(lately).map(showCandidate),
    others: newestFirst(shown).map(showCandidate),
    complete: count === shown.length + lately.length,
  }
}

function newestFirst(candidates: readonly Candidate[]): Candidate[] {
  return candidates.toSorted((one, other) => other.since - one.since)
}

function showCandidate({ repository, tag, digest, rule, since, pulled }: Candidate) {
  return {
    repository,
    ...(tag !== undefined && { tag }),
    digest,
    rule: rule.name,
    since: date(since),
    ...optionalDate('pulled', pulled),
  }
}

function getUsage(registry: RegistryParts): Handler {
  return async ({ params }) => {
    const project = params['project'] ?? ''
    const { quotaBytes } = await policyOf(registry.metadata, project)
    const used = await usageOf(registry.metadata, project)
    return answer(200, { used, ...(quotaBytes !== undefined && { quota: quotaBytes }) })
  }
}

const quota = z.strictObject({ quota: z.number().int().nonnegative().nullable() })

function setQuota(registry: RegistryParts): Handler {
  return async ({ params, request }) => {
    const project = params['project'] ?? ''
    const wanted = await readJson(request, quota)
    const quotaBytes = wanted.quota ?? undefined
    await changePolicy(registry, project, (policy) => ({ ...policy, quotaBytes }))
    const used = await usageOf(registry.metadata, project)
    return answer(200, { used, ...(wanted.quota !== null && { quota: wanted.quota }) })
  }
}
