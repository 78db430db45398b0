import { z } from 'zod'
import type { ApiClient } from './api-client.ts'
import { argument, type Command, type Input, type Output } from './command.ts'
import { CommandError, UsageError } from './failures.ts'
import { ImageContent, type StoredManifest } from './image-content.ts'
import { parseTypedImage, referenceText, type TypedImage } from './image-name.ts'
import { progressLine } from './progress.ts'
import { bytes } from './table.ts'

export const commands: readonly Command[] = [
  {
    words: 'cp',
    arguments: ['SOURCE', 'TARGET'],
    summary: 'Copy an image to another name in this registry; no layer is sent or stored again.',
    details: `An image is project/name:tag or project/name@sha256:…, without a host; a target without a tag takes the tag of
the source. All platforms of an index come along. It needs pull on the source and push on the target. For images of other
registries: skopeo copy, crane copy, or regctl image copy.`,
    options: {
      'all-tags': { doc: 'Copy every tag of a repository; SOURCE and TARGET are then without a tag.' },
      referrers: { doc: 'Take along what refers to the image, such as signatures.' },
    },
    run: copy,
  },
]

const tagRow = z.object({ tag: z.string() })

interface Copies {
  readonly content: ImageContent
  /** New names and the manifests that they lead to. */
  readonly names: ReadonlyMap<string, string>
}

async function copy(input: Input): Promise<Output> {
  const source = parseTypedImage(argument(input, 0))
  const target = parseTypedImage(argument(input, 1))
  const all = input.switches.has('all-tags')
  if (all && (source.named || target.named))
    throw new UsageError('With --all-tags, SOURCE and TARGET are repositories: write them without a tag.')
  const api = await input.context.api()
  const read = all ? await readAllTags(input, api, source) : await readOne(input, api, { source, target })
  if (source.name !== target.name) await mountAll(input, api, { from: source, to: target }, read.content)
  await pushAll(api, target, read)
  return report(source, target, read)
}

async function readOne(
  input: Input,
  api: ApiClient,
  { source, target }: { readonly source: TypedImage; readonly target: TypedImage },
): Promise<Copies> {
  const content = new ImageContent(api, source.name)
  const digest = await readImage(input, content, referenceText(source))
  const name = referenceText(target.named ? target : source)
  if (name.includes(':') && name !== digest)
    throw new CommandError(`${source.name} leads to ${digest}, and a digest cannot name anything else.`)
  return { content, names: new Map([[name, digest]]) }
}

async function readAllTags(input: Input, api: ApiClient, { name }: TypedImage): Promise<Copies> {
  const query = new URLSearchParams({ repository: name })
  const tags = await api.list(tagRow, `/api/v1/tags?${query.toString()}`, 'tags')
  if (tags.length === 0) throw new CommandError(`${name} has no tags.`)
  const content = new ImageContent(api, name)
  const names = new Map<string, string>()
  for (const [at, { tag }] of tags.entries()) {
    input.context.showProgress(progressLine('reading', at, tags.length, 'tags'))
    names.set(tag, await readImage(input, content, tag))
  }
  return { content, names }
}

async function readImage(input: Input, content: ImageContent, reference: string): Promise<string> {
  const digest = await content.read(reference)
  if (input.switches.has('referrers')) await content.readReferrers(digest)
  return digest
}

async function mountAll(
  input: Input,
  api: ApiClient,
  { from, to }: { readonly from: TypedImage; readonly to: TypedImage },
  { blobs }: ImageContent,
): Promise<void> {
  let done = 0
  for (const { digest, mayBeAbsent } of blobs.values()) {
    input.context.showProgress(progressLine('copying', done, blobs.size, 'blobs'))
    const query = new URLSearchParams({ mount: digest, from: from.name })
    const { status, headers } = await api.ask({
      method: 'POST',
      path: `/v2/${to.name}/blobs/uploads/?${query.toString()}`,
    })
    if (status !== 201) {
      await cancel(api, headers.location)
      if (!mayBeAbsent)
        throw new CommandError(
          `${digest} of ${from.name} cannot be mounted: it is damaged or was just deleted. \`lamina damaged\` lists what is damaged.`,
        )
    }
    done += 1
  }
}

/** A mount that fails begins an upload, which nobody goes on with. */
async function cancel(api: ApiClient, location: string | undefined): Promise<void> {
  const path = location === undefined ? undefined : URL.parse(location, 'http://registry')
  if (path) await api.ask({ method: 'DELETE', path: `${path.pathname}${path.search}` })
}

/** Names come last: one leads to nothing that is not whole. */
async function pushAll(api: ApiClient, to: TypedImage, { content, names }: Copies): Promise<void> {
  const byDigest = new Map(content.manifests.map((manifest) => [manifest.digest, manifest]))
  for (const manifest of content.manifests) await push(api, to, manifest, manifest.digest)
  for (const [name, digest] of names) {
    const manifest = byDigest.get(digest)
    if (manifest !== undefined && name !== digest) await push(api, to, manifest, name)
  }
}

async function push(
  api: ApiClient,
  { name }: TypedImage,
  { mediaType, bytes: body }: StoredManifest,
  reference: string,
): Promise<void> {
  const path = `/v2/${name}/manifests/${reference}`
  await api.ask({ method: 'PUT', path, headers: { 'content-type': mediaType }, body })
}

function report(source: TypedImage, target: TypedImage, { content, names }: Copies): Output {
  const { manifests, blobs } = content
  const shared = content.bytesOf(blobs.keys())
  const copied = [...names].map(([name, digest]) => ({ name, digest }))
  const what = copied.map(({ name, digest }) =>
    name === digest ? `${target.name}@${digest}` : `${target.name}:${name} ${digest}`,
  )
  return {
    value: {
      from: source.name,
      to: target.name,
      copied,
      manifests: manifests.length,
      blobs: blobs.size,
      shared,
    },
    text: [
      ...what,
      `${manifests.length} manifests; ${blobs.size} blobs (${bytes(shared)}) are shared, none was sent.`,
    ].join('\n'),
  }
}
