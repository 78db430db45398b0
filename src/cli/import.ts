import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { argument, type Command, type Input, type Output } from './command.ts'
import { counted } from './counted.ts'
import { CommandError, UsageError } from './failures.ts'
import { jsonOrNothing } from './json-or-nothing.ts'
import { bytes, table } from './table.ts'

const piece = z.object({
  path: z.string(),
  digest: z.string(),
  size: z.number(),
  state: z.enum(['stored', 'present', 'mounted']),
})
const done = z.object({
  repository: z.string(),
  images: z.array(z.object({ digest: z.string(), mediaType: z.string(), tags: z.array(z.string()) })),
})
const line = z.union([
  z.object({ content: piece }),
  z.object({ done }),
  z.object({ errors: z.array(z.object({ code: z.string(), message: z.string() })).min(1) }),
])

type Piece = z.infer<typeof piece>
type Done = z.infer<typeof done>

export const commands: readonly Command[] = [
  {
    words: 'import',
    arguments: ['FILE', 'REPOSITORY[:TAG]'],
    summary: 'Push the images of an archive: of docker save, podman save, skopeo, crane, or lamina export.',
    details: `FILE is a docker archive or an OCI layout, plain or compressed with gzip or zstd; - is standard input. With a tag, the
one image of the archive goes there; without, each keeps its own. Layers that the registry has are not stored again, so
an import that broke off is repeated as it was.`,
    run,
  },
]

async function run(input: Input): Promise<Output> {
  const file = argument(input, 0)
  const target = argument(input, 1)
  const query = new URLSearchParams({ [/:[^/]*$/.test(target) ? 'ref' : 'repository']: target })
  const api = await input.context.api()
  const archive = await openArchive(input, file)
  const headers = {
    accept: 'application/x-ndjson',
    'content-type': 'application/x-tar',
    ...(archive.size !== undefined && { 'content-length': String(archive.size) }),
  }
  const sent = {
    headers,
    body: counted(archive.bytes, input.context, { verb: 'sending', total: archive.size }),
  }
  const answer = await api.stream('POST', `/api/v1/import?${query.toString()}`, sent)
  const { content, result } = await readLines(answer)
  return { value: { ...result, content }, text: describe(content, result) }
}

interface Archive {
  readonly bytes: AsyncIterable<Uint8Array>
  /** Undefined for what comes through a pipe. */
  readonly size: number | undefined
}

async function openArchive({ context }: Input, file: string): Promise<Archive> {
  if (file === '-') return { bytes: process.stdin, size: undefined }
  const path = resolve(context.directory, file)
  const found = await stat(path).catch((cause: unknown) => {
    throw new UsageError(`${file} cannot be read; name an archive, or - for standard input.`, { cause })
  })
  if (found.isDirectory())
    throw new UsageError(
      `${file} is a directory; name an archive: \`tar -C ${file} -cf - .\` makes one of a layout.`,
    )
  return {
    bytes: createReadStream(path, { highWaterMark: 1024 * 1024 }),
    size: found.isFile() ? found.size : undefined,
  }
}

/** Takes the connection down when it fails, so that nothing more is sent. */
async function readLines(answer: IncomingMessage): Promise<{ content: Piece[]; result: Done }> {
  const content: Piece[] = []
  try {
    for await (const text of createInterface({ input: answer })) {
      const told = readLine(text)
      if ('done' in told) return { content, result: told.done }
      content.push(told.content)
    }
    throw new CommandError(
      'The server went away before it had said how the import ended; repeat it, what came whole is not stored again.',
    )
  } finally {
    answer.destroy()
  }
}

function readLine(text: string): { readonly done: Done } | { readonly content: Piece } {
  const parsed = line.safeParse(jsonOrNothing(text))
  if (!parsed.success) throw new CommandError('The answer makes no sense to this version of lamina.')
  if (!('errors' in parsed.data)) return parsed.data
  const [first] = parsed.data.errors
  throw new CommandError(`${first?.message ?? ''} (${first?.code ?? ''})`)
}

const STATES = {
  stored: 'stored',
  present: 'already here',
  mounted: 'already here, in another repository',
} as const

function describe(content: readonly Piece[], { repository, images }: Done): string {
  const pieces = content.map(({ digest, size, state }) => [bytes(size), STATES[state], digest])
  const names = images.flatMap(({ digest, tags }) =>
    tags.length === 0 ? [`${repository}@${digest}`] : tags.map((tag) => `${repository}:${tag}  ${digest}`),
  )
  return `${table(['SIZE', 'STATE', 'CONTENT'], pieces, 'Nothing had to be stored.')}\n\n${names.join('\n')}`
}
