import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { randomBytes } from '../fixtures/random.ts'
import { expect } from '../report.ts'
import { Buildkitd } from '../servers/buildkitd.ts'
import { type ClientTest, checkImage, look, sentBytes, type World } from './world.ts'

const MiB = 2 ** 20
const PLATFORMS = ['linux/amd64', 'linux/arm64']

/** BuildKit: what builds and pushes for `docker buildx`, by its own code and not by that of the engine. */
export const buildkit: ClientTest = {
  name: 'buildkit',
  transports: ['http'],
  run: async (world) => {
    const config = await signIn(world)
    const builder = await Buildkitd.start(world.host)
    try {
      await scenarios(world, { builder, config })
    } finally {
      await builder.stop()
    }
  },
}

interface Tools {
  readonly builder: Buildkitd
  /** Directory of docker's logins. */
  readonly config: string
}

async function scenarios(world: World, tools: Tools): Promise<void> {
  const { report } = world
  await report.scenario('buildkit: build and push sends every layer once', () => pushAll(world, tools))
  await report.scenario('buildkit: push with one changed layer sends that layer and the configuration', () =>
    pushChanged(world, tools),
  )
  await report.scenario('buildkit: two platforms in zstd, each with its provenance', () =>
    pushPlatforms(world, tools),
  )
  await report.scenario('buildkit: what is built on an image of another repository mounts its layers', () =>
    buildUpon(world, tools),
  )
  for (const form of ['image', 'index'] as const)
    await report.scenario(`buildkit: an emptied builder goes on from a cache that is an ${form}`, () =>
      goOnFromCache(world, tools, form),
    )
}

async function signIn({ folder, host, user, password }: World): Promise<string> {
  const config = path.join(folder, 'docker')
  await mkdir(config, { recursive: true })
  const auth = Buffer.from(`${user}:${password}`).toString('base64')
  await writeFile(path.join(config, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }))
  return config
}

/** A context of two files, of these seeds. */
async function contextOf(
  { folder }: World,
  name: string,
  [one, two]: readonly [string, string],
  from = 'scratch',
) {
  const context = path.join(folder, name)
  await mkdir(context, { recursive: true })
  await writeFile(path.join(context, 'one.bin'), randomBytes(one, 2 * MiB))
  await writeFile(path.join(context, 'two.bin'), randomBytes(two, 300_000))
  const dockerfile = `FROM ${from}\nCOPY one.bin /one.bin\nCOPY two.bin /two.bin\nCMD ["/two.bin"]\n`
  await writeFile(path.join(context, 'Dockerfile'), dockerfile)
  return context
}

function pushed({ host }: World, name: string, more = ''): string[] {
  return ['--output', `type=image,name=${host}/${name},push=true${more}`]
}

async function pushAll(world: World, { builder, config }: Tools): Promise<string> {
  const context = await contextOf(world, 'first', ['buildkit-one', 'buildkit-two'])
  look(world)
  await builder.build(context, config, pushed(world, 'buildkit/app:v1'))
  const wire = look(world)
  expect(
    wire.uploaded.size === 3,
    `${wire.uploaded.size} blobs were sent, not two layers and a configuration`,
  )
  await checkImage(world, 'buildkit/app', 'v1')
  return sentBytes(wire)
}

async function pushChanged(world: World, { builder, config }: Tools): Promise<string> {
  const context = await contextOf(world, 'second', ['buildkit-one', 'buildkit-three'])
  look(world)
  await builder.build(context, config, pushed(world, 'buildkit/app:v2'))
  const wire = look(world)
  const bytes = [...wire.uploaded.values()].reduce((sum, size) => sum + size, 0)
  expect(wire.uploaded.size === 2 && bytes < MiB, `${wire.uploaded.size} blobs, ${bytes} bytes were sent`)
  await checkImage(world, 'buildkit/app', 'v2')
  return sentBytes(wire)
}

async function pushPlatforms(world: World, { builder, config }: Tools): Promise<string> {
  const context = await contextOf(world, 'platforms', ['buildkit-four', 'buildkit-five'])
  await builder.build(context, config, [
    '--opt',
    `platform=${PLATFORMS.join()}`,
    '--opt',
    'attest:provenance=mode=max',
    ...pushed(world, 'buildkit/both:v1', ',oci-mediatypes=true,compression=zstd,force-compression=true'),
  ])
  const wire = look(world)
  const { content } = await world.registry.manifest('buildkit/both', 'v1')
  const children = content.manifests ?? []
  expect(children.length === 2 * PLATFORMS.length, `the index has ${children.length} manifests`)
  for (const { digest } of children) await checkImage(world, 'buildkit/both', digest)
  return sentBytes(wire)
}

async function buildUpon(world: World, { builder, config }: Tools): Promise<string> {
  const base = `${world.host}/buildkit/app:v1`
  const context = await contextOf(world, 'upon', ['buildkit-six', 'buildkit-seven'], base)
  await builder.build(context, config, pushed(world, 'buildkit/upon:v1'))
  const wire = look(world)
  expect(wire.mounted.length === 2, `${wire.mounted.length} of the two layers of the base were mounted`)
  await checkImage(world, 'buildkit/upon', 'v1')
  return sentBytes(wire)
}

/** An index of layers, as BuildKit wrote caches up to 0.20 and does without `image-manifest`, or an image, as since. */
async function goOnFromCache(
  world: World,
  { builder, config }: Tools,
  form: 'image' | 'index',
): Promise<string> {
  const context = await contextOf(world, `cache-${form}`, [`buildkit-${form}-1`, `buildkit-${form}-2`])
  const cache = `type=registry,ref=${world.host}/buildkit/cache:${form}`
  const kind = `,mode=max,oci-mediatypes=true,image-manifest=${form === 'image'}`
  const output = pushed(world, `buildkit/cached-${form}:v1`)
  await builder.build(context, config, [...output, '--export-cache', cache + kind])
  await builder.forget()
  look(world)
  const said = await builder.build(context, config, [...output, '--import-cache', cache])
  const reused = said.match(/^#\d+ CACHED$/gm) ?? []
  expect(reused.length === 2, `${reused.length} of two steps came from the cache:\n${said.slice(-1500)}`)
  const wire = look(world)
  expect(wire.uploaded.size === 0, `${wire.uploaded.size} blobs were sent again`)
  await checkImage(world, `buildkit/cached-${form}`, 'v1')
  const { digest } = await world.registry.manifest('buildkit/cache', form)
  return `${reused.length} steps from the cache, whose manifest is ${digest}`
}
