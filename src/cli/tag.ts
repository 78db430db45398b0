import { z } from 'zod'
import { argument, type Command, type Input, type Output, optionValue } from './command.ts'
import { UsageError } from './failures.ts'
import { projectPath } from './project-path.ts'
import { table } from './table.ts'

const step = z.object({
  sequence: z.number(),
  digest: z.string().optional(),
  at: z.string(),
  by: z.string(),
  policy: z.string().optional(),
})
const rolledBack = z.object({ digest: z.string(), restored: z.boolean() })
const restored = z.object({ digest: z.string(), tags: z.array(z.string()) })
const kept = z.object({ digest: z.string(), keep: z.boolean() })
const deleted = z.object({
  digest: z.string(),
  tags: z.array(z.string()),
  by: z.string(),
  policy: z.string().optional(),
  at: z.string(),
  until: z.string(),
})

const IMAGE = 'demo/app:v1'
const BY_DIGEST = 'demo/app@sha256:…'

export const commands: readonly Command[] = [
  {
    words: 'tag log',
    arguments: ['IMAGE'],
    summary: `Show where a tag led, when, and who moved it: ${IMAGE}.`,
    run: log,
  },
  {
    words: 'tag rollback',
    arguments: ['IMAGE'],
    summary: 'Make a tag lead to where it led before, or bring it back.',
    details: 'A manifest that was deleted meanwhile is restored, as long as the grace time lasts.',
    options: { to: { value: 'DIGEST', doc: 'A digest of its log, instead of the one before.' } },
    run: rollback,
  },
  {
    words: 'tag deleted',
    arguments: ['REPOSITORY'],
    summary: 'List the deleted manifests of a repository that can be restored.',
    run: listDeleted,
  },
  {
    words: 'tag restore',
    arguments: ['MANIFEST'],
    summary: `Restore a deleted manifest and its tags: ${BY_DIGEST}.`,
    run: restore,
  },
  {
    words: 'tag keep',
    arguments: ['MANIFEST'],
    summary: `Mark a manifest, so that no retention rule takes it: ${BY_DIGEST}.`,
    options: { off: { doc: 'Take the mark away.' } },
    run: keep,
  },
]

interface Image {
  readonly project: string
  readonly repository: string
  /** The tag, or the digest. */
  readonly reference: string
}

function imageOf(text: string, mark: ':' | '@'): Image {
  const at = text.indexOf(mark)
  const [repository, reference] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)]
  if (at < 1 || reference === '')
    throw new UsageError(`"${text}" is no image; write it as ${mark === ':' ? IMAGE : BY_DIGEST}.`)
  return { project: repository.split('/', 1)[0] ?? '', repository, reference }
}

async function log(input: Input): Promise<Output> {
  const { project, repository, reference: tag } = imageOf(argument(input, 0), ':')
  const api = await input.context.api()
  const query = new URLSearchParams({ repository, tag })
  const steps = await api.list(step, `${projectPath(project, 'tag-log')}?${query.toString()}`, 'steps')
  const rows = steps.map(({ at, digest, by, policy }) => [
    at,
    digest ?? 'deleted',
    policy === undefined ? by : `rule ${policy}`,
  ])
  return { value: { steps }, text: table(['WHEN', 'LED TO', 'BY'], rows, 'This tag was never set.') }
}

async function rollback(input: Input): Promise<Output> {
  const { project, repository, reference: tag } = imageOf(argument(input, 0), ':')
  const to = optionValue(input, 'to')
  const body = { repository, tag, ...(to !== undefined && { to }) }
  const api = await input.context.api()
  const value = await api.call(rolledBack, 'POST', projectPath(project, 'rollback'), body)
  const how = value.restored ? ', which was restored' : ''
  return { value, text: `${repository}:${tag} leads to ${value.digest}${how}.` }
}

async function listDeleted(input: Input): Promise<Output> {
  const repository = argument(input, 0)
  const project = repository.split('/', 1)[0] ?? ''
  const api = await input.context.api()
  const query = new URLSearchParams({ repository })
  const path = `${projectPath(project, 'deleted')}?${query.toString()}`
  const manifests = await api.list(deleted, path, 'manifests')
  const rows = manifests.map(({ digest, tags, by, policy, until }) => [
    digest,
    tags.join(', '),
    policy === undefined ? by : `rule ${policy}`,
    until,
  ])
  return { value: { manifests }, text: table(['MANIFEST', 'TAGS', 'DELETED BY', 'UNTIL'], rows, 'None.') }
}

async function restore(input: Input): Promise<Output> {
  const { project, repository, reference: digest } = imageOf(argument(input, 0), '@')
  const api = await input.context.api()
  const value = await api.call(restored, 'POST', projectPath(project, 'restore'), { repository, digest })
  const tags = value.tags.length === 0 ? 'without a tag' : `with ${value.tags.join(', ')}`
  return { value, text: `${digest} is back in ${repository}, ${tags}.` }
}

async function keep(input: Input): Promise<Output> {
  const { project, repository, reference: digest } = imageOf(argument(input, 0), '@')
  const api = await input.context.api()
  const body = { repository, digest, keep: !input.switches.has('off') }
  const value = await api.call(kept, 'PUT', projectPath(project, 'keep'), body)
  return { value, text: value.keep ? `No rule takes ${digest} now.` : `Rules count for ${digest} again.` }
}
