import { z } from 'zod'
import { argument, type Command, type Input, type Output } from './command.ts'
import { UsageError } from './failures.ts'
import { parseTypedImage } from './image-name.ts'
import { projectPath } from './project-path.ts'
import { day, table } from './table.ts'

const listed = z.object({ id: z.string(), repository: z.string(), created: z.string() })
const added = listed.extend({ key: z.string() })

export const commands: readonly Command[] = [
  {
    words: 'badge add',
    arguments: ['REPOSITORY'],
    summary: 'Make a key that shows the badges of a private repository, and nothing else of it.',
    details: `REPOSITORY is like demo/app. The key is shown once; it belongs into the address of the picture:
    https://HOST/api/v1/badge.svg?ref=demo/app:TAG&key=KEY
Badges of public projects need none.`,
    run: add,
  },
  {
    words: 'badge list',
    arguments: ['PROJECT'],
    summary: 'List the badge keys of a project; not the keys themselves.',
    run: list,
  },
  {
    words: 'badge remove',
    arguments: ['PROJECT', 'ID'],
    summary: 'Take a badge key back. `lamina badge list` shows the ids.',
    details: 'Caches may show its badge for five minutes more.',
    run: remove,
  },
]

async function add(input: Input): Promise<Output> {
  const text = argument(input, 0)
  const { name, named, project } = parseTypedImage(text)
  if (named)
    throw new UsageError(`A badge key is for a whole repository: write ${name}, without a tag or a digest.`)
  const api = await input.context.api()
  const value = await api.call(added, 'POST', projectPath(project, 'badges'), { repository: name })
  const picture = `/api/v1/badge.svg?ref=${value.repository}&key=${value.key}`
  return {
    value,
    text: `Badge key of ${value.repository} made (id ${value.id}). Shown only this once:\n${value.key}\nThe badge is at ${picture}`,
  }
}

async function list(input: Input): Promise<Output> {
  const api = await input.context.api()
  const badges = await api.list(listed, projectPath(argument(input, 0), 'badges'), 'badges')
  const rows = badges.map(({ id, repository, created }) => [id, repository, day(created)])
  return { value: { badges }, text: table(['ID', 'REPOSITORY', 'CREATED'], rows, 'No badge keys.') }
}

async function remove(input: Input): Promise<Output> {
  const [project, id] = [argument(input, 0), argument(input, 1)]
  const api = await input.context.api()
  await api.call(z.unknown(), 'DELETE', projectPath(project, 'badges', id))
  return { value: { removed: id }, text: `Badge key ${id} of project ${project} removed.` }
}
