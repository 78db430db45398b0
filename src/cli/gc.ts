import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import type { ApiClient } from './api-client.ts'
import { type Command, type Input, type Output, optionValue } from './command.ts'
import { CommandError, UsageError } from './failures.ts'
import { explain } from './gc-why.ts'
import { bytes, day, table } from './table.ts'

const POLL_MS = 200

const foreseen = z.object({
  kind: z.string(),
  repository: z.string(),
  digest: z.string().optional(),
  due: z.string(),
  action: z.string(),
  reason: z.string(),
  bytes: z.number().optional(),
})
const report = z.object({
  entries: z.array(foreseen),
  bytes: z.number(),
  trash: z.number(),
  complete: z.boolean(),
})
const status = z.object({
  jobs: z.array(
    z.object({
      name: z.string(),
      state: z.string(),
      done: z.number(),
      started: z.string().optional(),
      finished: z.string().optional(),
      error: z.string().optional(),
    }),
  ),
})

export const commands: readonly Command[] = [
  {
    words: 'gc',
    summary: 'Give back the space of what nothing uses any more, now.',
    details: `The server does this by itself, with pushes and pulls running; nobody has to. This begins a pass at once.
What was deleted, or pushed without a manifest, stays for the grace time (LAMINA_GRACE) and its bytes a little longer,
for those who are reading them: --dry-run says what will go, when, and why.`,
    options: {
      'dry-run': { doc: 'Remove nothing; list what waits, and what will become of it.' },
      why: { value: 'DIGEST', doc: 'Say what keeps a blob or a manifest, or what became of it.' },
    },
    run: gc,
  },
]

async function gc(input: Input): Promise<Output> {
  const digest = optionValue(input, 'why')
  const dry = input.switches.has('dry-run')
  if (digest !== undefined && dry) throw new UsageError('Say either --dry-run or --why DIGEST.')
  const api = await input.context.api()
  if (digest !== undefined) return explain(api, digest)
  return dry ? foresee(api) : collect(api)
}

async function collect(api: ApiClient): Promise<Output> {
  const reviewed = await runJob(api, 'collection')
  const removed = await runJob(api, 'empty-trash')
  const text = `Looked at ${reviewed} entries of the queue, removed ${removed} blobs from the store.`
  return { value: { reviewed, removed }, text }
}

/** Begins a run and waits for its end; gives the number of items done. */
async function runJob(api: ApiClient, name: string): Promise<number> {
  const begun = await jobOf(api, 'GET', name)
  await jobOf(api, 'POST', name)
  for (;;) {
    const now = await jobOf(api, 'GET', name)
    const ended =
      now.state === 'waiting' && (now.finished !== begun.finished || now.started === begun.started)
    if (ended && now.error !== undefined) throw new CommandError(`The run of ${name} failed: ${now.error}`)
    if (ended) return now.finished === begun.finished ? 0 : now.done
    if (now.state === 'elsewhere')
      throw new CommandError(`Another replica is running ${name}; it does the same work.`)
    await setTimeout(POLL_MS)
  }
}

async function jobOf(api: ApiClient, method: 'GET' | 'POST', name: string) {
  const path = method === 'GET' ? '/api/v1/maintenance' : `/api/v1/maintenance/${name}/run`
  const { jobs } = await api.call(status, method, path)
  const job = jobs.find((one) => one.name === name)
  if (job === undefined) throw new CommandError(`The server has no job ${name}.`)
  return job
}

async function foresee(api: ApiClient): Promise<Output> {
  const value = await api.call(report, 'GET', '/api/v1/collection')
  const rows = value.entries.map(({ due, action, kind, repository, digest, reason }) => [
    day(due),
    action,
    kind,
    digest === undefined ? repository : `${repository}@${digest}`,
    reason,
  ])
  const list = table(['DUE', 'WILL BE', 'WHAT', 'NAME', 'WHY'], rows, 'Nothing waits.')
  const more = value.complete ? '' : '\nThere is more; this is what comes first.'
  const text = `${list}\nBlobs of ${bytes(value.bytes)} will go; ${value.trash} wait in the trash.${more}`
  return { value, text }
}
