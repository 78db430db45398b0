import { type Input, type Option, optionValue } from './command.ts'
import { UsageError } from './failures.ts'

const ROLES = ['viewer', 'writer', 'admin']

export const ROLE_OPTION: Readonly<Record<string, Option>> = {
  role: {
    value: 'ROLE',
    doc: 'viewer may pull, writer also push, admin also delete and manage.',
    required: true,
  },
}

/** The role that was typed. Throws UsageError for one that there is not. */
export function roleOf(input: Input): string {
  const role = optionValue(input, 'role') ?? ''
  if (ROLES.includes(role)) return role
  throw new UsageError(`--role is "${role}"; it must be one of ${ROLES.join(', ')}.`)
}
