import { parseArgs } from 'node:util'
import { nearest } from '../config/nearest.ts'
import type { Command, Context, Input, Option } from './command.ts'
import { UsageError } from './failures.ts'

/** Options that every command takes. */
export const COMMON_OPTIONS: Readonly<Record<string, Option>> = {
  json: { doc: 'Print JSON, for programs.' },
}

/** What was typed behind the words of `command`. Throws UsageError that says what would be right. */
export function parseInput(
  command: Command,
  rest: readonly string[],
  context: Context,
): { input: Input; json: boolean } {
  const declared = { ...command.options, ...COMMON_OPTIONS }
  const { tokens } = parseArgs({
    args: [...rest],
    options: parseOptions(declared),
    strict: false,
    tokens: true,
  })
  const args: string[] = []
  const switches = new Set<string>()
  const values = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind === 'positional') args.push(token.value)
    if (token.kind !== 'option') continue
    const option = Object.hasOwn(declared, token.name) ? declared[token.name] : undefined
    if (option === undefined) throw wrong(command, unknownOption(token.rawName, Object.keys(declared)))
    if (option.value === undefined) switches.add(checkSwitch(command, token))
    else {
      const before = values.get(token.name) ?? []
      if (before.length > 0 && option.multiple !== true)
        throw wrong(command, `${token.rawName} stands more than once, and only one could count.`)
      values.set(token.name, [...before, checkValue(command, token)])
    }
  }
  checkComplete(command, args, values)
  return { input: { args, switches, values, context }, json: switches.has('json') }
}

function parseOptions(declared: Readonly<Record<string, Option>>) {
  return Object.fromEntries(
    Object.entries(declared).map(([name, { value, multiple = false }]) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple },
    ]),
  )
}

type OptionToken = { readonly name: string; readonly rawName: string; readonly value?: string | undefined }

function checkSwitch(command: Command, { name, rawName, value }: OptionToken): string {
  if (value !== undefined) throw wrong(command, `${rawName} takes no value.`)
  return name
}

function checkValue(command: Command, { name, rawName, value }: OptionToken): string {
  // A forgotten value would otherwise eat the next option.
  if (value !== undefined && value !== '' && !value.startsWith('--')) return value
  throw wrong(command, `${rawName} needs a value: ${rawName} ${command.options?.[name]?.value ?? 'VALUE'}.`)
}

function checkComplete(
  command: Command,
  args: readonly string[],
  values: ReadonlyMap<string, readonly string[]>,
): void {
  const expected = command.arguments ?? []
  const missing = expected[args.length]
  if (missing !== undefined) throw wrong(command, `${missing} is missing.`)
  const names = [...expected, ...(command.optionalArguments ?? [])]
  const empty = args.indexOf('')
  // Of a variable of a script that is not set, mostly.
  if (empty !== -1) throw wrong(command, `${names[empty] ?? 'An argument'} is empty.`)
  const most = expected.length + (command.optionalArguments?.length ?? 0)
  if (args.length > most) throw wrong(command, `"${args[most]}" is one argument too many.`)
  for (const [name, { required, value }] of Object.entries(command.options ?? {}))
    if (required === true && !values.has(name)) throw wrong(command, `--${name} ${value ?? ''} is missing.`)
}

function unknownOption(name: string, known: readonly string[]): string {
  return `${name} is no option of this command. Did you mean --${nearest(name.replace(/^-+/, ''), known)}?`
}

function wrong(command: Command, problem: string): UsageError {
  return new UsageError(`${problem}\nUsage: ${usage(command)}\n\`lamina help ${command.words}\` says more.`)
}

/** One line: `lamina user add NAME [--admin]`. */
export function usage(command: Command): string {
  const options = Object.entries(command.options ?? {}).map(([name, { value, required = false }]) => {
    const option = value === undefined ? `--${name}` : `--${name} ${value}`
    return required ? option : `[${option}]`
  })
  const optional = (command.optionalArguments ?? []).map((name) => `[${name}]`)
  return ['lamina', command.words, ...(command.arguments ?? []), ...optional, ...options].join(' ')
}
