import { z } from 'zod'
import { withQuery } from './api-client.ts'
import { argument, type Command, type Input, type Option, type Output, optionValue } from './command.ts'
import { EXPIRY_OPTION, expiryBody } from './days.ts'
import { day, table } from './table.ts'

const TOKENS = '/api/v1/user/tokens'

/** The control socket lets in the administrator, who is no user: the server has to be told whose tokens are meant. */
const USER_OPTION: Readonly<Record<string, Option>> = {
  user: {
    value: 'NAME',
    doc: 'Whose token, when run beside the server. Default: admin. With LAMINA_URL: always your own.',
  },
}

const added = z.object({
  id: z.string(),
  name: z.string(),
  secret: z.string(),
  expires: z.string().optional(),
})
const listed = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.string().optional(),
  created: z.string(),
  expires: z.string().optional(),
  used: z.string().optional(),
})

export const commands: readonly Command[] = [
  {
    words: 'token add',
    arguments: ['NAME'],
    summary: 'Make a personal access token, which serves as a password for docker login.',
    details: 'NAME is for you, to know it again in the list. The secret is shown once.',
    options: { ...USER_OPTION, ...EXPIRY_OPTION },
    run: add,
  },
  { words: 'token list', summary: 'List the tokens of a user.', options: USER_OPTION, run: list },
  {
    words: 'token remove',
    arguments: ['ID'],
    summary: 'End a token at once. `lamina token list` shows the ids.',
    options: USER_OPTION,
    run: remove,
  },
]

async function add(input: Input): Promise<Output> {
  const body = { name: argument(input, 0), ...expiryBody(input) }
  const api = await input.context.api()
  const value = await api.call(added, 'POST', forUser(input, TOKENS), body)
  return { value, text: `Token ${value.name} made (id ${value.id}). Shown only this once:\n${value.secret}` }
}

async function list(input: Input): Promise<Output> {
  const api = await input.context.api()
  const tokens = await api.list(listed, forUser(input, TOKENS), 'tokens')
  const rows = tokens.map(({ id, name, created, expires, used }) => [
    id,
    name,
    day(created),
    day(expires),
    day(used),
  ])
  return { value: { tokens }, text: table(['ID', 'NAME', 'CREATED', 'EXPIRES', 'USED'], rows, 'No tokens.') }
}

async function remove(input: Input): Promise<Output> {
  const id = argument(input, 0)
  const api = await input.context.api()
  await api.call(z.unknown(), 'DELETE', forUser(input, `${TOKENS}/${encodeURIComponent(id)}`))
  return { value: { removed: id }, text: `Token ${id} removed.` }
}

function forUser(input: Input, path: string): string {
  const remote = Boolean(input.context.environment['LAMINA_URL'])
  const user = optionValue(input, 'user') ?? (remote ? undefined : 'admin')
  return withQuery(path, new URLSearchParams(user === undefined ? {} : { user }))
}
