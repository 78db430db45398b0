import { open, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { argument, type Command, type Input, type Output, optionValue } from './command.ts'
import { EXPIRY_OPTION, expiryBody } from './days.ts'
import { CommandError } from './failures.ts'
import { projectPath } from './project-path.ts'
import { ROLE_OPTION, roleOf } from './role.ts'
import { day, table } from './table.ts'

const added = z.object({
  name: z.string(),
  user: z.string(),
  secret: z.string(),
  keyFile: z.record(z.string(), z.unknown()),
  expires: z.string().optional(),
})
const listed = z.object({
  name: z.string(),
  user: z.string(),
  role: z.string(),
  created: z.string(),
  expires: z.string().optional(),
})

export const commands: readonly Command[] = [
  {
    words: 'account add',
    arguments: ['PROJECT', 'NAME'],
    summary: 'Make a service account of a project, for a build server or a cluster.',
    details: `With --out, its key is written to a JSON file that only you may read, and not shown:
    docker login -u _json_key --password-stdin HOST < key.json
Without, user and secret are printed once.`,
    options: {
      ...ROLE_OPTION,
      out: { value: 'FILE', doc: 'Write the key file there. It must not exist yet.' },
      ...EXPIRY_OPTION,
    },
    run: add,
  },
  {
    words: 'account list',
    arguments: ['PROJECT'],
    summary: 'List the service accounts of a project.',
    run: list,
  },
  {
    words: 'account remove',
    arguments: ['PROJECT', 'NAME'],
    summary: 'Remove a service account; its key ends at once.',
    run: remove,
  },
]

async function add(input: Input): Promise<Output> {
  const [project, name] = [argument(input, 0), argument(input, 1)]
  const body = { name, role: roleOf(input), ...expiryBody(input) }
  const out = optionValue(input, 'out')
  const api = await input.context.api()
  const create = () => api.call(added, 'POST', projectPath(project, 'accounts'), body)
  if (out === undefined) {
    const value = await create()
    const text = `Service account ${value.user} made. Shown only this once:\nuser ${value.user}\npassword ${value.secret}`
    return { value, text }
  }
  const path = resolve(input.context.directory, out)
  const { user, expires } = await writeKeyFile(path, create)
  return {
    value: { name, user, file: path, ...(expires !== undefined && { expires }) },
    text: `Service account ${user} made; its key is in ${path}.`,
  }
}

/** The file comes first: a secret that is shown once must not be made before there is a place for it. */
async function writeKeyFile(
  path: string,
  create: () => Promise<z.infer<typeof added>>,
): Promise<z.infer<typeof added>> {
  const file = await open(path, 'wx', 0o600).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CommandError(`The key file cannot be made, so no account was: ${why}.`, { cause })
  })
  try {
    const made = await create()
    await file.writeFile(`${JSON.stringify(made.keyFile, undefined, 2)}\n`)
    return made
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

async function list(input: Input): Promise<Output> {
  const api = await input.context.api()
  const accounts = await api.list(listed, projectPath(argument(input, 0), 'accounts'), 'accounts')
  const rows = accounts.map(({ name, user, role, created, expires }) => [
    name,
    user,
    role,
    day(created),
    day(expires),
  ])
  return {
    value: { accounts },
    text: table(['NAME', 'LOGIN', 'ROLE', 'CREATED', 'EXPIRES'], rows, 'No service accounts.'),
  }
}

async function remove(input: Input): Promise<Output> {
  const [project, name] = [argument(input, 0), argument(input, 1)]
  const api = await input.context.api()
  await api.call(z.unknown(), 'DELETE', projectPath(project, 'accounts', name))
  return { value: { removed: name }, text: `Service account ${name} of project ${project} removed.` }
}
