import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import type { ApiClient } from './api-client.ts'
import { type Command, type Context, type Input, type Output, optionValue } from './command.ts'
import { CommandError } from './failures.ts'
import { bytes } from './table.ts'

const PATH = '/api/v1/backup'
const POLL_MS = 300

const status = z.object({
  state: z.enum(['running', 'done', 'failed']),
  directory: z.string(),
  error: z.string().optional(),
  copied: z.object({ blobs: z.number(), bytes: z.number() }),
  result: z
    .object({
      hasBlobs: z.boolean(),
      records: z.number(),
      blobs: z.number(),
      bytes: z.number(),
      damaged: z.array(z.string()),
    })
    .optional(),
})
type Status = z.infer<typeof status>
/** Undefined from a server that knows of none. */
const answer = status.or(z.strictObject({}).transform(() => undefined))

export const commands: readonly Command[] = [
  {
    words: 'backup',
    summary: 'Write a backup of everything, while the registry runs.',
    details: `Records as of one moment, and the bytes of every blob: as hard links where DIR is in the same file system,
else as copies. A backup that is there already becomes the new one; only what is new is copied. Where bytes lie in a
bucket, only the records are written: protect the bucket itself. The backup holds password hashes and signing keys:
keep it as private as the server. \`lamina restore\` reads it.`,
    options: { to: { value: 'DIR', doc: 'Where to write it, on the server’s machine.', required: true } },
    run,
  },
]

async function run(input: Input): Promise<Output> {
  const to = resolve(input.context.directory, optionValue(input, 'to') ?? '')
  const api = await input.context.api()
  await api.call(status, 'POST', PATH, { to })
  const value = await untilDone(api, input.context)
  if (value.state === 'failed') throw new CommandError(`No backup was written: ${value.error ?? ''}`)
  return { value, text: describe(value) }
}

async function untilDone(api: ApiClient, context: Context): Promise<Status> {
  for (;;) {
    const value = await api.call(answer, 'GET', PATH)
    if (value === undefined)
      throw new CommandError(
        'The server was started anew while it wrote the backup, which is not whole; repeat it: what was copied is there.',
      )
    if (value.state !== 'running') return value
    context.showProgress(`backup: ${value.copied.blobs} blobs, ${bytes(value.copied.bytes)}`)
    await setTimeout(POLL_MS)
  }
}

function describe({ directory, result }: Status): string {
  if (result === undefined) return ''
  const { hasBlobs, records, blobs, damaged } = result
  const content = hasBlobs ? `${blobs} blobs (${result.bytes} bytes)` : 'no blobs: they stay in the bucket'
  const lines = [`Backup in ${directory}: ${records} records, ${content}.`]
  if (damaged.length > 0)
    lines.push(`${damaged.length} blobs are damaged in the registry and not in the backup:`, ...damaged)
  return lines.join('\n')
}
