import type { Input, Option } from './command.ts'
import { UsageError } from './failures.ts'

/** Never an option with the password itself: every user of the machine sees the arguments of a process. */
export const PASSWORD_OPTION: Readonly<Record<string, Option>> = {
  'password-stdin': {
    doc: 'Read the password from standard input. Without it one is made and printed once.',
  },
}

/** A body with the password from standard input, if that was asked for. */
export async function passwordBody(input: Input): Promise<{ password?: string }> {
  if (!input.switches.has('password-stdin')) return {}
  const password = await input.context.readInput()
  if (password === '') throw new UsageError('--password-stdin was given and standard input is empty.')
  return { password }
}

/** What to tell about a password that the server made; nothing when it was given. */
export function madePassword(password: string | undefined): string {
  return password === undefined ? '' : `\nPassword (shown only this once): ${password}`
}
