/** How the process ends; `lamina help` shows the same list. */
export const EXIT = { ok: 0, failed: 1, usage: 2, unreachable: 3 } as const

/** The command line itself is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command could not do what was asked; the message says why and what to do next. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError'
}

/** What was asked for does not exist, or may not be seen. */
export class Missing extends CommandError {
  override readonly name = 'Missing'
}

/** The server is not there; the message says where it was looked for. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}
