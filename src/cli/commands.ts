import { nearest } from '../config/nearest.ts'
import type { Command, Group } from './command.ts'
import { UsageError } from './failures.ts'

export const GROUPS: readonly Group[] = [
  { name: 'serve', summary: 'Run the registry.', load: async () => (await import('./serve.ts')).commands },
  { name: 'user', summary: 'People who may log in.', load: async () => (await import('./user.ts')).commands },
  {
    name: 'token',
    summary: 'Personal access tokens.',
    load: async () => (await import('./token.ts')).commands,
  },
  {
    name: 'project',
    summary: 'Projects, who sees them, and their members.',
    load: async () => (await import('./project.ts')).commands,
  },
  {
    name: 'account',
    summary: 'Service accounts of a project, for machines.',
    load: async () => (await import('./account.ts')).commands,
  },
  {
    name: 'badge',
    summary: 'Keys that show badges of private repositories.',
    load: async () => (await import('./badge.ts')).commands,
  },
  {
    name: 'tag',
    summary: 'History of tags, and the way back.',
    load: async () => (await import('./tag.ts')).commands,
  },
  {
    name: 'ls',
    summary: 'Projects, or the repositories of one.',
    load: async () => (await import('./ls.ts')).commands,
  },
  {
    name: 'tags',
    summary: 'The tags of a repository.',
    load: async () => (await import('./tags.ts')).commands,
  },
  {
    name: 'inspect',
    summary: 'What every step of an image did.',
    load: async () => (await import('./inspect.ts')).commands,
  },
  {
    name: 'du',
    summary: 'Bytes of projects, repositories and tags.',
    load: async () => (await import('./du.ts')).commands,
  },
  {
    name: 'cp',
    summary: 'Copy images to another name, moving no layer.',
    load: async () => (await import('./cp.ts')).commands,
  },
  {
    name: 'rm',
    summary: 'Delete tags, manifests and repositories.',
    load: async () => (await import('./rm.ts')).commands,
  },
  {
    name: 'diff',
    summary: 'Compare the layers of two images.',
    load: async () => (await import('./diff.ts')).commands,
  },
  {
    name: 'plan',
    summary: 'What a pull would move.',
    load: async () => (await import('./plan.ts')).commands,
  },
  {
    name: 'import',
    summary: 'Push the images of an archive.',
    load: async () => (await import('./import.ts')).commands,
  },
  {
    name: 'export',
    summary: 'Write an image as one file.',
    load: async () => (await import('./export.ts')).commands,
  },
  {
    name: 'gc',
    summary: 'Give back the space of what nothing uses.',
    load: async () => (await import('./gc.ts')).commands,
  },
  {
    name: 'maintenance',
    summary: 'Background work of the server.',
    load: async () => (await import('./maintenance.ts')).commands,
  },
  {
    name: 'keys',
    summary: 'The keys that sign tokens.',
    load: async () => (await import('./keys.ts')).commands,
  },
  {
    name: 'damaged',
    summary: 'Blobs whose stored bytes are wrong.',
    load: async () => (await import('./damaged.ts')).commands,
  },
  {
    name: 'scrub',
    summary: 'Read every stored byte again.',
    load: async () => (await import('./scrub.ts')).commands,
  },
  {
    name: 'fsck',
    summary: 'Compare records and bytes, and repair.',
    load: async () => (await import('./fsck.ts')).commands,
  },
  {
    name: 'backup',
    summary: 'Write a backup while the registry runs.',
    load: async () => (await import('./backup.ts')).commands,
  },
  {
    name: 'restore',
    summary: 'Make a registry from a backup.',
    load: async () => (await import('./restore.ts')).commands,
  },
  {
    name: 'read-only',
    summary: 'Refuse writes for a while.',
    load: async () => (await import('./read-only.ts')).commands,
  },
  {
    name: 'migrate',
    summary: 'Move the registry to other storage while it runs.',
    load: async () => (await import('./migrate.ts')).commands,
  },
  {
    name: 'status',
    summary: 'Show whether the server is alive and ready.',
    load: async () => (await import('./status.ts')).commands,
  },
  {
    name: 'doctor',
    summary: 'Look for what is wrong, and say what to change.',
    load: async () => (await import('./doctor.ts')).commands,
  },
  {
    name: 'config',
    summary: 'Show the configuration in effect.',
    load: async () => (await import('./config.ts')).commands,
  },
  {
    name: 'tls',
    summary: 'Make a certificate for HTTPS.',
    load: async () => (await import('./tls.ts')).commands,
  },
  {
    name: 'completion',
    summary: 'Completion for bash, zsh and fish.',
    load: async () => (await import('./completion.ts')).completionCommands(GROUPS),
  },
  {
    name: 'version',
    summary: 'Show the version.',
    load: async () => (await import('./version.ts')).commands,
  },
  {
    name: 'help',
    summary: 'Show help: lamina help, lamina help user.',
    load: async () => (await import('./help.ts')).helpCommands(GROUPS),
  },
]

/** The command that `words` begin with, and the words behind its name. Throws UsageError naming the nearest one. */
export async function findCommand(
  words: readonly string[],
): Promise<{ command: Command; rest: readonly string[] }> {
  const [first] = words
  if (first === undefined || first === '-h' || first === '--help')
    return findCommand(['help', ...words.slice(1)])
  if (first === '--version') return findCommand(['version', ...words.slice(1)])
  if (first !== 'help' && words.some((word) => word === '--help' || word === '-h'))
    return findCommand(['help', ...words.filter((word) => !word.startsWith('-')).slice(0, 2)])
  const group = GROUPS.find(({ name }) => name === first)
  if (group === undefined) {
    const names = GROUPS.map(({ name }) => name)
    throw new UsageError(
      `There is no command "${first}". Did you mean ${nearest(first, names)}? \`lamina help\` lists all.`,
    )
  }
  const commands = await group.load()
  const [only] = commands
  if (commands.length === 1 && only?.words === group.name) return { command: only, rest: words.slice(1) }
  return { command: findVerb(group.name, commands, words[1]), rest: words.slice(2) }
}

function findVerb(group: string, commands: readonly Command[], verb: string | undefined): Command {
  const found = commands.find(({ words }) => words === `${group} ${verb}`)
  if (found !== undefined) return found
  const verbs = commands.map(({ words }) => words.slice(group.length + 1))
  if (verb === undefined || verb.startsWith('-'))
    throw new UsageError(
      `\`lamina ${group}\` needs one of: ${verbs.join(', ')}. \`lamina help ${group}\` says more.`,
    )
  throw new UsageError(
    `There is no command "${group} ${verb}". Did you mean ${group} ${nearest(verb, verbs)}?`,
  )
}
