import type { Environment } from '../config/sources.ts'
import type { ApiClient } from './api-client.ts'

export interface Option {
  /** Absent: a switch. Else what stands for the value in help texts, such as `NAME`. */
  readonly value?: string
  readonly doc: string
  readonly required?: boolean
  /** May be given several times. */
  readonly multiple?: boolean
}

export interface Command {
  /** What is typed after `lamina`: `user add`. */
  readonly words: string
  /** Names of what must follow, in order. */
  readonly arguments?: readonly string[]
  /** Names of what may follow after those. */
  readonly optionalArguments?: readonly string[]
  /** One line. */
  readonly summary: string
  /** More, for `lamina help user add`. */
  readonly details?: string
  readonly options?: Readonly<Record<string, Option>>
  run(input: Input): Promise<Output>
}

/** The first word of commands, and where they are. Loaded when needed: `lamina version` loads no server. */
export interface Group {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<readonly Command[]>
}

/** What was typed, checked against the command's declaration. */
export interface Input {
  readonly args: readonly string[]
  readonly switches: ReadonlySet<string>
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly context: Context
}

/** What a command prints: `value` with --json, else `text`. */
export interface Output {
  readonly value: unknown
  readonly text: string
  /** The exit code, when it is not that of success. */
  readonly code?: number
}

/** The world around a command; tests put their own in its place. */
export interface Context {
  readonly environment: Environment
  /** The working directory. */
  readonly directory: string
  /** The running server. Throws Unreachable when asked and it is not there. */
  api(): Promise<ApiClient>
  /** All of standard input, without the line end. */
  readInput(): Promise<string>
  writeOutput(text: string): void
  writeError(text: string): void
  /** Shows how far long work is, in place of what it showed before; '' takes it away. Only a terminal shows it. */
  showProgress(line: string): void
}

/** The n-th argument of a command, which its declaration made sure of. */
export function argument(input: Input, index: number): string {
  const value = input.args[index]
  if (value === undefined) throw new TypeError(`argument ${index} was not declared`)
  return value
}

/** The last value given for an option; undefined when it was not. */
export function optionValue(input: Input, name: string): string | undefined {
  return input.values.get(name)?.at(-1)
}
