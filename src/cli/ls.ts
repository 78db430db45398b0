import { z } from 'zod'
import type { Command, Input, Output } from './command.ts'
import { projectPath } from './project-path.ts'
import { day, table } from './table.ts'

const project = z.object({ name: z.string(), public: z.boolean() })
const repository = z.object({
  name: z.string(),
  tags: z.unknown(),
  pushed: z.string().optional(),
})

export const commands: readonly Command[] = [
  {
    words: 'ls',
    optionalArguments: ['PROJECT'],
    summary: 'List the projects that you may see, or the repositories of one.',
    run: list,
  },
]

async function list({ args, context }: Input): Promise<Output> {
  const api = await context.api()
  const [name] = args
  if (name === undefined) {
    const projects = await api.list(project, '/api/v1/projects', 'projects')
    const rows = projects.map((one) => [one.name, one.public ? 'public' : 'private'])
    return {
      value: { projects },
      text: table(['PROJECT', 'SEEN BY'], rows, 'There is no project that you may see.'),
    }
  }
  const repositories = await api.list(repository, projectPath(name, 'repositories'), 'repositories')
  const rows = repositories.map((one) => [one.name, day(one.pushed)])
  return {
    value: { repositories },
    text: table(['REPOSITORY', 'PUSHED'], rows, `There is no image in ${name}.`),
  }
}
