import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { loadConfigFile } from '../config/load.ts'
import { SETTINGS } from '../config/schema.ts'
import type { ApiClient } from './api-client.ts'
import { type Command, type Input, type Output, optionValue } from './command.ts'
import { CommandError, UsageError } from './failures.ts'

const PATH = '/api/v1/migration'
/** How often the server is asked how far it is, in milliseconds. */
const ASK_MS = 1000

const state = z.object({
  phase: z.enum(['none', 'copying', 'finishing', 'moved', 'stopped']),
  target: z.string().optional(),
  problem: z.string().optional(),
  blobs: z.number(),
  bytes: z.number(),
  records: z.number(),
})
type State = z.infer<typeof state>

export const commands: readonly Command[] = [
  {
    words: 'migrate',
    summary: 'Move the registry to other storage while it runs.',
    details: `Copies everything into the stores that FILE, a lamina.yaml, names, while pushes and pulls go on. Only the last
moment, in which both places are compared, answers pushes with 503. Then this server takes no more writes: stop it, and
start it with FILE. A move that was cut goes on when the command is given again; --cancel gives it up.`,
    options: {
      to: { value: 'FILE', doc: 'The configuration to run with afterwards; its stores must be empty.' },
      show: { doc: 'Show how far a move is.' },
      cancel: { doc: 'Give a move up; this server takes writes again.' },
    },
    run: migrate,
  },
]

async function migrate(input: Input): Promise<Output> {
  const file = optionValue(input, 'to')
  const asked = [file, ...['show', 'cancel'].filter((name) => input.switches.has(name))]
  if (asked.filter((one) => one !== undefined).length !== 1)
    throw new UsageError('Say one of --to FILE, --show and --cancel.')
  const api = await input.context.api()
  if (file !== undefined) return follow(input, api, file)
  const value = await api.call(state, input.switches.has('show') ? 'GET' : 'DELETE', PATH)
  return { value, text: describe(value) }
}

async function follow(input: Input, api: ApiClient, file: string): Promise<Output> {
  const settings = await settingsIn(file, input.context.directory)
  let value = await api.call(state, 'POST', PATH, { settings })
  while (value.phase === 'copying' || value.phase === 'finishing') {
    input.context.showProgress(describe(value))
    await sleep(ASK_MS)
    value = await api.call(state, 'GET', PATH)
  }
  if (value.phase === 'moved') return { value, text: moved(value, file) }
  throw new CommandError(`${describe(value)} What was copied stays: the same command goes on from there.`)
}

/** The file's settings as texts; paths are absolute, because the server has another working directory. */
async function settingsIn(file: string, directory: string): Promise<Record<string, string>> {
  const { config, given } = await loadConfigFile(file, directory, '--to')
  const isOnDisk = config.metadata === 'level' || config.blobs.kind === 'filesystem'
  if (isOnDisk && !given.has('data'))
    throw new UsageError(
      `${file} does not say where the registry is to lie: it takes a line \`data: DIRECTORY\`, or both metadata and blobs.`,
    )
  const texts = SETTINGS.flatMap(({ key, yamlName }) => {
    const text = given.get(key)?.text
    const value = config[key]
    return text === undefined ? [] : [[yamlName, typeof value === 'string' ? value : text] as const]
  })
  return { ...Object.fromEntries(texts), data: config.data }
}

function describe({ phase, target, problem, blobs, bytes, records }: State): string {
  if (phase === 'none') return 'No move is under way.'
  const done = `${blobs} blobs (${(bytes / 2 ** 20).toFixed(0)} MiB) and ${records} records copied`
  const where = `to ${target ?? 'another place'}`
  switch (phase) {
    case 'copying':
      return `Moving ${where}: ${done}.`
    case 'finishing':
      return `Moving ${where}: ${done}; comparing, pushes wait.`
    case 'moved':
      return `Moved ${where}: ${done}. This server takes no more writes.`
    case 'stopped':
      return `The move ${where} stopped${problem === undefined ? '' : `: ${problem}`}`
  }
}

function moved(value: State, file: string): string {
  return `${describe(value)}
Every record is equal there, and every blob was read back and has its digest.
Now stop this server and start it with the new configuration:
  LAMINA_CONFIG=${file} lamina serve
The old data can be removed once that runs.`
}
