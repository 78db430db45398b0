import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import type { ApiClient } from './api-client.ts'
import type { Command, Context, Input, Output } from './command.ts'
import { CommandError } from './failures.ts'
import { table } from './table.ts'

const PATH = '/api/v1/fsck'
const POLL_MS = 500

const check = z.object({
  state: z.enum(['running', 'done', 'failed']),
  error: z.string().optional(),
  checked: z.object({ records: z.number(), blobs: z.number(), locations: z.number() }),
  problems: z.array(z.object({ problem: z.string(), found: z.number(), mended: z.number() })),
  examples: z.array(z.string()),
})
type Check = z.infer<typeof check>

export const commands: readonly Command[] = [
  {
    words: 'fsck',
    summary: 'Compare records with bytes and with each other, while the registry runs.',
    details: `Reads every record, and lists every stored byte; it does not read the bytes: \`lamina scrub start\` does. Ends
with 1 when problems are left. With --repair, indexes are made anew from the records that they index, blobs are led to
their bytes wherever in the store these lie, blobs without bytes are quarantined (\`lamina damaged\`) until they are pushed
again, and bytes that no record mentions are removed.`,
    options: {
      repair: { doc: 'Mend what can be mended without a client.' },
      force: { doc: 'Repair also when so much is missing that a disk may not be there.' },
    },
    run,
  },
]

async function run({ context, switches }: Input): Promise<Output> {
  const api = await context.api()
  const [repair, force] = [switches.has('repair'), switches.has('force')]
  await api.call(check, 'POST', PATH, { repair, force })
  const value = await untilDone(api, context)
  const text = describe(value)
  const left = value.problems.reduce((sum, { found, mended }) => sum + found - mended, 0)
  if (value.state === 'failed') throw new CommandError(`The check ended early: ${value.error ?? ''}\n${text}`)
  if (left > 0) throw new CommandError(text)
  return { value, text }
}

async function untilDone(api: ApiClient, context: Context): Promise<Check> {
  for (;;) {
    const value = await api.call(check, 'GET', PATH)
    if (value.state !== 'running') return value
    context.showProgress(looked(value))
    await setTimeout(POLL_MS)
  }
}

function describe({ checked, problems, examples }: Check): string {
  const rows = problems.map(({ problem, found, mended }) => [String(found), String(mended), problem])
  const found = table(['FOUND', 'MENDED', 'PROBLEM'], rows, 'No problems.')
  return [looked({ checked }), found, ...examples.map((example) => `  ${example}`)].join('\n')
}

function looked({ checked: { records, blobs, locations } }: Pick<Check, 'checked'>): string {
  return `${records} records that refer to others, ${blobs} blobs, ${locations} locations checked.`
}
