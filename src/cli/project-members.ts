import { z } from 'zod'
import { argument, type Command, type Input, type Output } from './command.ts'
import { projectPath } from './project-path.ts'
import { ROLE_OPTION, roleOf } from './role.ts'
import { day, table } from './table.ts'

const member = z.object({ user: z.string(), role: z.string(), since: z.string() })

export const memberCommands: readonly Command[] = [
  {
    words: 'project members',
    arguments: ['PROJECT'],
    summary: 'List who may do what in a project.',
    run: list,
  },
  {
    words: 'project add-member',
    arguments: ['PROJECT', 'USER'],
    summary: 'Let a user into a project, or change the role there.',
    options: ROLE_OPTION,
    run: add,
  },
  {
    words: 'project remove-member',
    arguments: ['PROJECT', 'USER'],
    summary: 'Take a user out of a project.',
    run: remove,
  },
]

async function list(input: Input): Promise<Output> {
  const api = await input.context.api()
  const members = await api.list(member, projectPath(argument(input, 0), 'members'), 'members')
  const rows = members.map(({ user, role, since }) => [user, role, day(since)])
  return { value: { members }, text: table(['USER', 'ROLE', 'SINCE'], rows, 'No members.') }
}

async function add(input: Input): Promise<Output> {
  const [name, user] = [argument(input, 0), argument(input, 1)]
  const body = { role: roleOf(input) }
  const api = await input.context.api()
  const value = await api.call(member, 'PUT', projectPath(name, 'members', user), body)
  return { value, text: `User ${value.user} is ${value.role} in project ${name}.` }
}

async function remove(input: Input): Promise<Output> {
  const [name, user] = [argument(input, 0), argument(input, 1)]
  const api = await input.context.api()
  await api.call(z.unknown(), 'DELETE', projectPath(name, 'members', user))
  return { value: { removed: user }, text: `User ${user} is no member of project ${name} any more.` }
}
