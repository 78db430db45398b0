import { z } from 'zod'
import { argument, type Command, type Input, type Output } from './command.ts'
import { projectPath } from './project-path.ts'

export const commands: readonly Command[] = [
  {
    words: 'repository remove',
    arguments: ['REPOSITORY'],
    summary: 'Delete a repository with all its tags and manifests; there is no way back.',
    run: remove,
  },
]

async function remove(input: Input): Promise<Output> {
  const repository = argument(input, 0)
  const query = new URLSearchParams({ repository })
  const api = await input.context.api()
  const path = `${projectPath(repository.split('/', 1)[0] ?? '', 'repositories')}?${query.toString()}`
  await api.call(z.unknown(), 'DELETE', path)
  return {
    value: { removed: repository },
    text: `Repository ${repository} deleted; its name is free, and its space comes back by itself.`,
  }
}
