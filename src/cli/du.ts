import { z } from 'zod'
import type { ApiClient } from './api-client.ts'
import type { Command, Input, Output } from './command.ts'
import { ImageContent } from './image-content.ts'
import { parseTypedImage } from './image-name.ts'
import { progressLine } from './progress.ts'
import { projectPath } from './project-path.ts'
import { bytes, table } from './table.ts'

const named = z.object({ name: z.string() })
const tagRow = z.object({ tag: z.string() })
const counts = z.object({
  repositories: z.object({ count: z.number(), more: z.boolean() }),
  manifests: z.number(),
  logicalBytes: z.number(),
  storedBytes: z.number(),
})

export const commands: readonly Command[] = [
  {
    words: 'du',
    optionalArguments: ['WHAT'],
    summary: 'Show what projects hold; of a project, its repositories; of a repository, its tags.',
    details: `REFERRED counts a blob each time that something refers to it, STORED once. Of a project and a repository only
what a tag leads to is counted, with all platforms; ALONE is what no other row has and would be freed with it.`,
    run: measure,
  },
]

async function measure(input: Input): Promise<Output> {
  const api = await input.context.api()
  const [what] = input.args
  if (what === undefined) return measureProjects(input, api)
  const { name, project } = parseTypedImage(what)
  return name.includes('/') ? measureTags(input, api, name) : measureRepositories(input, api, project)
}

async function measureProjects({ context }: Input, api: ApiClient): Promise<Output> {
  const all = await api.list(named, '/api/v1/projects', 'projects')
  const projects = []
  for (const [at, { name }] of all.entries()) {
    context.showProgress(progressLine('counting', at, all.length, 'projects'))
    projects.push({ name, ...(await api.call(counts, 'GET', projectPath(name, 'counts'))) })
  }
  const rows = projects.map(({ name, repositories, manifests, logicalBytes, storedBytes }) => [
    name,
    `${repositories.count}${repositories.more ? ' and more, not counted' : ''}`,
    String(manifests),
    bytes(logicalBytes),
    bytes(storedBytes),
  ])
  const titles = ['PROJECT', 'REPOSITORIES', 'MANIFESTS', 'REFERRED', 'STORED']
  return { value: { projects }, text: table(titles, rows, 'There is no project that you may see.') }
}

/** What one row of the table uses. */
interface Use {
  readonly name: string
  readonly referred: number
  readonly blobs: ReadonlyMap<string, number>
}

async function measureTags({ context }: Input, api: ApiClient, repository: string): Promise<Output> {
  const uses = await usesOfTags(api, repository, (done, total) =>
    context.showProgress(progressLine('reading', done, total, 'tags')),
  )
  return report({ repository }, 'TAG', uses)
}

async function measureRepositories({ context }: Input, api: ApiClient, project: string): Promise<Output> {
  const all = await api.list(named, projectPath(project, 'repositories'), 'repositories')
  const uses: Use[] = []
  for (const [at, { name }] of all.entries()) {
    context.showProgress(progressLine('reading', at, all.length, 'repositories'))
    const tags = await usesOfTags(api, name, () => undefined)
    const blobs = new Map(tags.flatMap((tag) => [...tag.blobs]))
    uses.push({ name, referred: tags.reduce((sum, { referred }) => sum + referred, 0), blobs })
  }
  return report({ project }, 'REPOSITORY', uses)
}

async function usesOfTags(
  api: ApiClient,
  repository: string,
  progress: (done: number, total: number) => void,
): Promise<Use[]> {
  const query = new URLSearchParams({ repository })
  const tags = await api.list(tagRow, `/api/v1/tags?${query.toString()}`, 'tags')
  const content = new ImageContent(api, repository)
  const uses: Use[] = []
  for (const [at, { tag }] of tags.entries()) {
    progress(at, tags.length)
    const used = content.blobsOf(await content.read(tag))
    const blobs = new Map([...used].map((digest) => [digest, content.blobs.get(digest)?.size ?? 0]))
    uses.push({ name: tag, referred: sum(blobs.values()), blobs })
  }
  return uses
}

function report(of: object, title: string, uses: readonly Use[]): Output {
  const users = new Map<string, number>()
  for (const { blobs } of uses)
    for (const digest of blobs.keys()) users.set(digest, (users.get(digest) ?? 0) + 1)
  const measured = uses.map(({ name, referred, blobs }) => ({
    name,
    referred,
    stored: sum(blobs.values()),
    alone: sum([...blobs].map(([digest, size]) => (users.get(digest) === 1 ? size : 0))),
  }))
  const stored = sum(new Map(uses.flatMap(({ blobs }) => [...blobs])).values())
  const rows = measured.map((one) => [one.name, bytes(one.referred), bytes(one.stored), bytes(one.alone)])
  const list = table([title, 'REFERRED', 'STORED', 'ALONE'], rows, 'It has no tags.')
  return { value: { ...of, uses: measured, stored }, text: `${list}\n${bytes(stored)} stored in all.` }
}

function sum(sizes: Iterable<number>): number {
  return [...sizes].reduce((total, size) => total + size, 0)
}
