import { z } from 'zod'
import type { ApiClient } from './api-client.ts'
import { argument, type Command, type Input, type Output } from './command.ts'
import { CommandError, EXIT } from './failures.ts'
import { parseTypedImage, referenceText, type TypedImage } from './image-name.ts'
import { projectPath } from './project-path.ts'
import { bytes } from './table.ts'

export const commands: readonly Command[] = [
  {
    words: 'rm',
    arguments: ['WHAT'],
    summary: 'Delete a tag, a manifest or a repository; without --yes, say what would go.',
    details: `WHAT is project/name:tag, project/name@sha256:… or, for a repository with everything in it, project/name. Tags
and manifests can be brought back for the grace time (\`lamina help tag\`), repositories cannot. Space comes back by itself
afterwards. Without --yes nothing is deleted, and the exit code is 1.`,
    options: { yes: { doc: 'Delete, instead of saying what would go.' } },
    run: remove,
  },
]

/** What a deletion would do, or did. */
interface Plan {
  readonly value: object
  readonly text: string
  readonly path: string
}

async function remove(input: Input): Promise<Output> {
  const image = parseTypedImage(argument(input, 0))
  const api = await input.context.api()
  const { value, text, path } = await plan(api, image)
  if (!input.switches.has('yes'))
    return {
      value: { ...value, deleted: false },
      text: `${text}\nNothing was deleted; --yes does it.`,
      code: EXIT.failed,
    }
  await api.call(z.unknown(), 'DELETE', path)
  return { value: { ...value, deleted: true }, text: `${text}\nDeleted.` }
}

function plan(api: ApiClient, image: TypedImage): Promise<Plan> {
  if (!image.named) return planRepository(api, image)
  return image.reference.kind === 'tag' ? planTag(api, image) : planManifest(api, image)
}

const tagRow = z.object({ tag: z.string(), digest: z.string() })

async function planRepository(api: ApiClient, { project, name }: TypedImage): Promise<Plan> {
  const tags = await tagsOf(api, name)
  const query = new URLSearchParams({ repository: name })
  const digests = new Set(tags.map(({ digest }) => digest))
  return {
    value: { repository: name, tags: tags.length, taggedManifests: digests.size },
    text: `Repository ${name} with ${tags.length} tags, the ${digests.size} manifests they lead to, and any without a tag. There is no way back.`,
    path: `${projectPath(project, 'repositories')}?${query.toString()}`,
  }
}

async function planTag(api: ApiClient, image: TypedImage): Promise<Plan> {
  const { project, name } = image
  const tag = referenceText(image)
  const tags = await tagsOf(api, name)
  const digest = tags.find((one) => one.tag === tag)?.digest
  if (digest === undefined)
    throw new CommandError(`${name} has no tag ${tag}. \`lamina tags ${name}\` lists them.`)
  const others = tags.filter((one) => one.digest === digest && one.tag !== tag).map((one) => one.tag)
  const query = new URLSearchParams({ repository: name, tag })
  const left = others.length === 0 ? 'no tag is left on it' : `${others.join(', ')} lead there too`
  return {
    value: { repository: name, tag, digest, others },
    text: `Tag ${name}:${tag}, which leads to ${digest}; the manifest stays, ${left}.`,
    path: `${projectPath(project, 'tag')}?${query.toString()}`,
  }
}

async function tagsOf(api: ApiClient, repository: string) {
  const query = new URLSearchParams({ repository })
  return api.list(tagRow, `/api/v1/tags?${query.toString()}`, 'tags')
}

const amount = z.object({ blobs: z.number(), bytes: z.number() })
const preview = z.object({
  tags: z.array(z.string()),
  parents: z.array(z.string()),
  referrers: z.number(),
  freed: amount,
  kept: amount,
  restorable: z.string(),
})

async function planManifest(api: ApiClient, image: TypedImage): Promise<Plan> {
  const { project, name } = image
  const digest = referenceText(image)
  const query = new URLSearchParams({ repository: name, digest }).toString()
  const value = await api.call(preview, 'GET', `${projectPath(project, 'deletion-preview')}?${query}`)
  const { tags, parents, referrers, freed, kept, restorable } = value
  const lines = [
    `Manifest ${name}@${digest} ${tags.length === 0 ? 'without a tag' : `with the tags ${tags.join(', ')}`}.`,
    `${bytes(freed.bytes)} in ${freed.blobs} blobs come free, ${bytes(kept.bytes)} in ${kept.blobs} blobs others use.`,
    ...(parents.length === 0 ? [] : [`${parents.length} indexes list it and will miss it.`]),
    ...(referrers === 0 ? [] : [`${referrers} that refer to it stay.`]),
    `It can be restored until ${restorable}.`,
  ]
  return {
    value: { repository: name, digest, ...value },
    text: lines.join('\n'),
    path: `${projectPath(project, 'manifest')}?${query}`,
  }
}
