import { z } from 'zod'
import type { Command, Input, Output } from './command.ts'
import { day, table } from './table.ts'

const damaged = z.object({
  digest: z.string(),
  size: z.number(),
  since: z.string(),
  why: z.string(),
  projects: z.array(z.string()),
})

export const commands: readonly Command[] = [
  {
    words: 'damaged',
    summary: 'List blobs whose stored bytes are missing or wrong.',
    details: `They are answered as absent, so that clients send them again: pushing any image that holds one heals it
everywhere. A scrub that finds the bytes right again, after a disk came back, takes it off the list too.`,
    run: list,
  },
]

async function list({ context }: Input): Promise<Output> {
  const api = await context.api()
  const found = await api.list(damaged, '/api/v1/damaged', 'damaged')
  const rows = found.map(({ digest, size, since, why, projects }) => [
    digest,
    String(size),
    day(since),
    projects.join(' '),
    why,
  ])
  const text = table(['DIGEST', 'BYTES', 'SINCE', 'PROJECTS', 'WHY'], rows, 'No blob is damaged.')
  return { value: { damaged: found }, text }
}
