import { ConfigError } from '../config/config-error.ts'
import { StartError } from '../http/start-error.ts'
import type { Context } from './command.ts'
import { findCommand } from './commands.ts'
import { CommandError, EXIT, Unreachable, UsageError } from './failures.ts'
import { parseInput } from './input.ts'
import { printable } from './printable.ts'
import { processContext } from './process-context.ts'

/** Runs what was typed after `lamina` and prints what it gives. Resolves with the exit code. */
export async function runCommand(
  words: readonly string[],
  context: Context = processContext(),
): Promise<number> {
  try {
    const { command, rest } = await findCommand(words)
    const { input, json } = parseInput(command, rest, context)
    const { value, text, code = EXIT.ok } = await command.run(input).finally(() => context.showProgress(''))
    const shown = json && value !== undefined ? JSON.stringify(value, undefined, 2) : text
    if (shown !== '') context.writeOutput(`${printable(shown)}\n`)
    return code
  } catch (error) {
    const { code, message } = explain(error)
    context.writeError(
      printable(
        words.includes('--json') ? `${JSON.stringify({ error: message })}\n` : `lamina: ${message}\n`,
      ),
    )
    return code
  }
}

function explain(error: unknown): { code: number; message: string } {
  if (error instanceof UsageError || error instanceof ConfigError)
    return { code: EXIT.usage, message: error.message }
  if (error instanceof Unreachable) return { code: EXIT.unreachable, message: error.message }
  if (error instanceof CommandError || error instanceof StartError)
    return { code: EXIT.failed, message: error.message }
  // What the machine says of a file or an address that was typed: `EACCES: permission denied, open '/backup'`.
  if (error instanceof Error && 'syscall' in error) return { code: EXIT.failed, message: `${error.message}.` }
  return {
    code: EXIT.failed,
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }
}
