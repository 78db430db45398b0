import { z } from 'zod'
import { argument, type Command, type Input, type Output } from './command.ts'
import { madePassword, PASSWORD_OPTION, passwordBody } from './password.ts'
import { day, table } from './table.ts'

const USERS = '/api/v1/users'

const added = z.object({ name: z.string(), password: z.string().optional() })
const changed = z.object({ password: z.string().optional() })
const listed = z.object({
  name: z.string(),
  admin: z.boolean(),
  created: z.string(),
  disabled: z.boolean().optional(),
})

export const commands: readonly Command[] = [
  {
    words: 'user add',
    arguments: ['NAME'],
    summary: 'Add a person who may log in.',
    options: { admin: { doc: 'Make an administrator: may do everything.' }, ...PASSWORD_OPTION },
    run: add,
  },
  { words: 'user list', summary: 'List all users.', run: list },
  {
    words: 'user remove',
    arguments: ['NAME'],
    summary: 'Remove a user, with tokens and memberships. Images stay.',
    run: remove,
  },
  {
    words: 'user password',
    arguments: ['NAME'],
    summary: 'Give a user a new password; also the way back when the one of admin is lost.',
    details: 'Run it beside the server, as the user that the server runs as: then no password is asked.',
    options: PASSWORD_OPTION,
    run: setPassword,
  },
]

async function add(input: Input): Promise<Output> {
  const body = {
    name: argument(input, 0),
    admin: input.switches.has('admin'),
    ...(await passwordBody(input)),
  }
  const api = await input.context.api()
  const value = await api.call(added, 'POST', USERS, body)
  return { value, text: `User ${value.name} added.${madePassword(value.password)}` }
}

async function list({ context }: Input): Promise<Output> {
  const api = await context.api()
  const users = await api.list(listed, USERS, 'users')
  const rows = users.map(({ name, admin, created, disabled }) => [
    name,
    admin ? 'administrator' : 'user',
    day(created),
    disabled === true ? 'disabled' : '',
  ])
  return { value: { users }, text: table(['NAME', 'KIND', 'SINCE', ''], rows, 'No users.') }
}

async function remove(input: Input): Promise<Output> {
  const name = argument(input, 0)
  const api = await input.context.api()
  await api.call(z.unknown(), 'DELETE', `${USERS}/${encodeURIComponent(name)}`)
  return { value: { removed: name }, text: `User ${name} removed.` }
}

async function setPassword(input: Input): Promise<Output> {
  const name = argument(input, 0)
  const body = await passwordBody(input)
  const api = await input.context.api()
  const value = await api.call(changed, 'PUT', `${USERS}/${encodeURIComponent(name)}/password`, body)
  return {
    value: { name, ...value },
    text: `User ${name} has a new password.${madePassword(value.password)}`,
  }
}
