import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { parseSize } from '../config/units.ts'
import { repeatedMember } from '../oci/repeated-member.ts'
import { argument, type Command, type Input, type Output } from './command.ts'
import { UsageError } from './failures.ts'
import { projectPath } from './project-path.ts'
import { bytes, day, table } from './table.ts'

const policy = z.object({
  immutableTags: z.array(z.string()),
  refuseDangling: z.boolean(),
  retention: z.array(z.record(z.string(), z.unknown())),
})
const candidate = z.object({
  repository: z.string(),
  tag: z.string().optional(),
  digest: z.string(),
  rule: z.string(),
  since: z.string(),
  pulled: z.string().optional(),
})
const preview = z.object({
  count: z.number(),
  pulledLately: z.array(candidate),
  others: z.array(candidate),
  complete: z.boolean(),
})
const usage = z.object({ used: z.number(), quota: z.number().optional() })

export const policyCommands: readonly Command[] = [
  {
    words: 'project policy',
    arguments: ['PROJECT'],
    summary: 'Show immutable tags and retention rules of a project, as JSON.',
    run: show,
  },
  {
    words: 'project set-policy',
    arguments: ['PROJECT', 'FILE'],
    summary: 'Change the policy of a project to what a JSON file says; what it leaves out stays.',
    details: `{
  "immutableTags": ["v*"],
  "refuseDangling": false,
  "retention": [
    { "name": "builds", "repositories": "**", "tags": "build-*", "keepLast": 20, "keepYoungerDays": 14 },
    { "name": "untagged", "keepYoungerDays": 7, "keepPulledDays": 0 }
  ]
}
A rule takes the tags it names, apart from the last keepLast, those younger than keepYoungerDays, and those pulled
within keepPulledDays (30 unless told). A rule without "tags" takes manifests that no tag leads to. What was taken can
be restored for the grace time. \`lamina project preview\` shows what a file would do.`,
    run: set,
  },
  {
    words: 'project preview',
    arguments: ['PROJECT'],
    optionalArguments: ['FILE'],
    summary: 'Show what the retention rules of a project, or of a file, would take now.',
    run: showPreview,
  },
  {
    words: 'project quota',
    arguments: ['PROJECT'],
    optionalArguments: ['SIZE'],
    summary: 'Show what a project holds, or set how much it may: 50GiB, or none.',
    run: quota,
  },
]

async function show(input: Input): Promise<Output> {
  const api = await input.context.api()
  const value = await api.call(policy, 'GET', projectPath(argument(input, 0), 'policy'))
  return { value, text: JSON.stringify(value, undefined, 2) }
}

async function set(input: Input): Promise<Output> {
  const [name, file] = [argument(input, 0), argument(input, 1)]
  const body = await readPolicy(input, file)
  const api = await input.context.api()
  const value = await api.call(policy, 'PATCH', projectPath(name, 'policy'), body)
  return { value, text: `The policy of ${name} is now:\n${JSON.stringify(value, undefined, 2)}` }
}

async function readPolicy(input: Input, file: string): Promise<Record<string, unknown>> {
  const path = resolve(input.context.directory, file)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`${path} cannot be read.`, { cause })
  })
  const twice = repeatedMember(Buffer.from(text))
  if (twice !== undefined)
    throw new UsageError(`${path} has "${twice}" twice in one object. Keep one of them.`)
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text))
  } catch (cause) {
    throw new UsageError(`${path} is no JSON object; \`lamina help project set-policy\` shows one.`, {
      cause,
    })
  }
}

async function showPreview(input: Input): Promise<Output> {
  const [name, file] = [argument(input, 0), input.args[1]]
  const rules = file === undefined ? {} : { retention: (await readPolicy(input, file))['retention'] }
  const api = await input.context.api()
  const value = await api.call(preview, 'POST', projectPath(name, 'retention-preview'), rules)
  const rows = [...value.pulledLately, ...value.others].map(
    ({ repository, tag, digest, rule, since, pulled }) => [
      tag === undefined ? `${repository}@${digest}` : `${repository}:${tag}`,
      rule,
      day(since),
      day(pulled),
    ],
  )
  const list = table(['WOULD GO', 'RULE', 'SINCE', 'LAST PULLED'], rows, 'Nothing would go.')
  const warning =
    value.pulledLately.length === 0
      ? ''
      : `\n${value.pulledLately.length} of these were pulled in the last 90 days; they stand first.`
  const more = value.complete ? '' : `\nThere are ${value.count} in all.`
  return { value, text: list + warning + more }
}

async function quota(input: Input): Promise<Output> {
  const [name, size] = [argument(input, 0), input.args[1]]
  const api = await input.context.api()
  const value =
    size === undefined
      ? await api.call(usage, 'GET', projectPath(name, 'usage'))
      : await api.call(usage, 'PUT', projectPath(name, 'quota'), { quota: sizeOf(size) })
  const limit = value.quota === undefined ? 'without a quota' : `of its quota of ${bytes(value.quota)}`
  return { value, text: `Project ${name} holds ${bytes(value.used)}, ${limit}.` }
}

function sizeOf(text: string): number | null {
  const size = text === 'none' ? null : parseSize(text)
  if (size === undefined) throw new UsageError(`"${text}" is no size; write it as 50GiB, or none.`)
  return size
}
