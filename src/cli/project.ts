import { z } from 'zod'
import { argument, type Command, type Input, type Output } from './command.ts'
import { UsageError } from './failures.ts'
import { memberCommands } from './project-members.ts'
import { projectPath } from './project-path.ts'
import { policyCommands } from './project-policy.ts'
import { day, table } from './table.ts'

const project = z.object({ name: z.string(), public: z.boolean(), created: z.string() })
type Project = z.infer<typeof project>

const PUBLIC = { doc: 'Anyone may pull, without logging in.' }
const PRIVATE = { doc: 'Only members may pull.' }

export const commands: readonly Command[] = [
  {
    words: 'project create',
    arguments: ['NAME'],
    summary: 'Create a project: the first part of image names, as demo in demo/app.',
    options: { public: PUBLIC },
    run: create,
  },
  { words: 'project list', summary: 'List the projects that you may see.', run: list },
  { words: 'project show', arguments: ['NAME'], summary: 'Show one project.', run: show },
  {
    words: 'project set',
    arguments: ['NAME'],
    summary: 'Change who may pull from a project.',
    options: { public: PUBLIC, private: PRIVATE },
    run: set,
  },
  {
    words: 'project remove',
    arguments: ['NAME'],
    summary: 'Remove an empty project, with its members and service accounts.',
    options: { 'with-repositories': { doc: 'Delete its repositories, too; there is no way back.' } },
    run: remove,
  },
  ...memberCommands,
  ...policyCommands,
]

async function create(input: Input): Promise<Output> {
  const body = { name: argument(input, 0), public: input.switches.has('public') }
  const api = await input.context.api()
  const value = await api.call(project, 'POST', '/api/v1/projects', body)
  return { value, text: `Project ${value.name} created, ${visibility(value)}.` }
}

async function list({ context }: Input): Promise<Output> {
  const api = await context.api()
  const projects = await api.list(project, '/api/v1/projects', 'projects')
  const rows = projects.map((found) => [found.name, visibility(found), day(found.created)])
  return { value: { projects }, text: table(['NAME', 'VISIBILITY', 'CREATED'], rows, 'No projects.') }
}

async function show(input: Input): Promise<Output> {
  const api = await input.context.api()
  const value = await api.call(project, 'GET', projectPath(argument(input, 0)))
  return { value, text: `${value.name}: ${visibility(value)}, created ${day(value.created)}` }
}

async function set(input: Input): Promise<Output> {
  const [open, closed] = [input.switches.has('public'), input.switches.has('private')]
  if (open === closed) throw new UsageError('Say either --public or --private.')
  const api = await input.context.api()
  const value = await api.call(project, 'PATCH', projectPath(argument(input, 0)), { public: open })
  return { value, text: `Project ${value.name} is ${visibility(value)}.` }
}

async function remove(input: Input): Promise<Output> {
  const name = argument(input, 0)
  const api = await input.context.api()
  const query = input.switches.has('with-repositories') ? '?repositories=delete' : ''
  await api.call(z.unknown(), 'DELETE', projectPath(name) + query)
  return { value: { removed: name }, text: `Project ${name} removed.` }
}

function visibility({ public: open }: Project): string {
  return open ? 'public' : 'private'
}
