import { nearest } from '../config/nearest.ts'
import type { Command, Group, Input, Output } from './command.ts'
import { UsageError } from './failures.ts'
import { COMMON_OPTIONS, usage } from './input.ts'

/** What says how `groups`, all commands that there are, are used. */
export function helpCommands(groups: readonly Group[]): readonly Command[] {
  return [
    {
      words: 'help',
      optionalArguments: ['COMMAND', 'VERB'],
      summary: 'Show help: `lamina help`, `lamina help user`, `lamina help user add`.',
      run: (input) => help(groups, input),
    },
  ]
}

const END = `lamina help COMMAND says more about one. Every command takes --json.

serve, config and tls work by themselves. The others ask a running server: beside it, as the user that it
runs as, through the control socket in its data directory (LAMINA_DATA, default ./data); from elsewhere with
LAMINA_URL and LAMINA_TOKEN (or LAMINA_TOKEN_FILE) set, and LAMINA_CA for a private authority.

Exit codes: 0 done; 1 failed, or the server refused, or nothing was done yet (rm without --yes); 2 wrong usage or
configuration; 3 no server answers.`

async function help(groups: readonly Group[], { args }: Input): Promise<Output> {
  const [name, verb] = args
  if (name === undefined) return overview(groups)
  const group = groups.find((group) => group.name === name)
  if (group === undefined)
    throw unknown(
      name,
      groups.map((group) => group.name),
    )
  const all = await group.load()
  if (verb === undefined) return { value: all.map(describe), text: all.map(page).join('\n\n') }
  const command = all.find(({ words }) => words === `${name} ${verb}`)
  if (command === undefined)
    throw unknown(
      `${name} ${verb}`,
      all.map(({ words }) => words),
    )
  return { value: describe(command), text: page(command) }
}

function unknown(words: string, known: readonly string[]): UsageError {
  return new UsageError(
    `There is no command "${words}". Did you mean \`lamina help ${nearest(words, known)}\`?`,
  )
}

function overview(groups: readonly Group[]): Output {
  const list = columns(groups.map(({ name, summary }) => [name, summary]))
  return {
    value: { commands: groups.map(({ name, summary }) => ({ name, summary })) },
    text: `Lamina is a registry of container images.\n\nUsage: lamina COMMAND\n\n${list}\n\n${END}`,
  }
}

/** All that help knows about one command. */
function page(command: Command): string {
  const options = Object.entries({ ...command.options, ...COMMON_OPTIONS }).map(
    ([name, { value, doc }]) => [`--${name}${value === undefined ? '' : ` ${value}`}`, doc] as const,
  )
  const details = command.details === undefined ? '' : `\n${indent(command.details)}`
  return `${usage(command)}\n${indent(command.summary)}${details}\n${indent(columns(options))}`
}

function describe(command: Command) {
  const { words, summary, details, options } = command
  return { words, usage: usage(command), summary, details, options: { ...options, ...COMMON_OPTIONS } }
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}
