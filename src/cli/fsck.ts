import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import type { ApiClient } from './api-client.ts'
import type { Command, Context, Input, Output } from './command.ts'
import { CommandError } from './failures.ts'
import { table } from './table.ts'

const PATH = '/api/v1/fsck'
const POLL_MS = 500
/** Answers of other servers in a row, after which the one that checks is taken to be out of reach. */
const ELSEWHERE = 10

const check = z.object({
  state: z.enum(['running', 'done', 'failed']),
  error: z.string().optional(),
  alone: z.string().optional(),
  checked: z.object({ records: z.number(), blobs: z.number(), locations: z.number() }),
  problems: z.array(z.object({ problem: z.string(), found: z.number(), mended: z.number() })),
  examples: z.array(z.string()),
})
type Check = z.infer<typeof check>
/** Undefined from a server that knows of none. */
const answer = check.or(z.strictObject({}).transform(() => undefined))

export const commands: readonly Command[] = [
  {
    words: 'fsck',
    summary: 'Compare records with bytes and with each other, while the registry runs.',
    details: `Reads every record, and lists every stored byte; it does not read the bytes: \`lamina scrub start\` does. Ends
with 1 when problems are left. With --repair, indexes are made anew from the records that they index, blobs are led to
their bytes wherever in the store these lie, blobs without bytes are quarantined (\`lamina damaged\`) until they are pushed
again, and bytes that no record mentions are removed.

Without --repair it works where nothing can be written, too: on a full disk, in front of a database that only reads, and
while the registry is read-only.`,
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
  const begun = await api.call(check, 'POST', PATH, { repair, force })
  const value = await untilDone(api, context, begun.alone !== undefined)
  const text = describe(value)
  const left = value.problems.reduce((sum, { found, mended }) => sum + found - mended, 0)
  if (value.state === 'failed') throw new CommandError(`The check ended early: ${value.error ?? ''}\n${text}`)
  if (left > 0) throw new CommandError(text)
  return { value, text }
}

/** `alone`: other servers that may answer in its place know nothing of it. */
async function untilDone(api: ApiClient, context: Context, alone: boolean): Promise<Check> {
  let elsewhere = 0
  for (;;) {
    const value = await api.call(answer, 'GET', PATH)
    const ours = alone && value?.alone === undefined ? undefined : value
    if (ours !== undefined && ours.state !== 'running') return ours
    if (ours !== undefined) context.showProgress(looked(ours))
    elsewhere = ours === undefined ? elsewhere + 1 : 0
    if (elsewhere === ELSEWHERE) throw new CommandError(OUT_OF_REACH)
    await setTimeout(POLL_MS)
  }
}

const OUT_OF_REACH = `The server that checks is not the one that answers, and while nothing can be written it cannot tell the
others. Ask that server itself: run this on its machine, with LAMINA_DATA and without LAMINA_URL.`

function describe({ checked, problems, examples, alone }: Check): string {
  const rows = problems.map(({ problem, found, mended }) => [String(found), String(mended), problem])
  const found = table(['FOUND', 'MENDED', 'PROBLEM'], rows, 'No problems.')
  const note = alone === undefined ? [] : [`Only this server knows of this check: ${alone}.`]
  return [looked({ checked }), ...note, found, ...examples.map((example) => `  ${example}`)].join('\n')
}

function looked({ checked: { records, blobs, locations } }: Pick<Check, 'checked'>): string {
  return `${records} records that refer to others, ${blobs} blobs, ${locations} locations checked.`
}
