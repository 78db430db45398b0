import { z } from 'zod'
import { argument, type Command, type Input, type Output } from './command.ts'
import { bytes, day, table } from './table.ts'

const tag = z.object({
  tag: z.string(),
  digest: z.string(),
  size: z.number(),
  pushed: z.string(),
  by: z.string(),
})

export const commands: readonly Command[] = [
  {
    words: 'tags',
    arguments: ['REPOSITORY'],
    summary: 'List the tags of a repository with what they lead to.',
    run: list,
  },
]

async function list(input: Input): Promise<Output> {
  const repository = argument(input, 0)
  const api = await input.context.api()
  const query = new URLSearchParams({ repository })
  const tags = await api.list(tag, `/api/v1/tags?${query.toString()}`, 'tags')
  const rows = tags.map((one) => [one.tag, bytes(one.size), day(one.pushed), one.by, one.digest])
  return {
    value: { repository, tags },
    text: table(['TAG', 'SIZE', 'PUSHED', 'BY', 'DIGEST'], rows, `${repository} has no tags.`),
  }
}
