import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Blob, type Image, makeImage } from '../fixtures/image.ts'
import { expect, type Report } from '../report.ts'
import { blobObject } from '../servers/blob-objects.ts'
import { Cluster, type Stores } from '../servers/cluster.ts'
import { Lamina } from '../servers/lamina.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { scratchFolder } from '../servers/workspace.ts'

const BUCKET = 'lamina'
const REPOSITORY = 'upkeep/app'
const PATIENCE_MS = 120_000
/** A second's grace would take layers from under a push on a busy machine. */
const ENV = { LAMINA_GRACE: '6s', LAMINA_COLLECT_EVERY: '200ms', LAMINA_SNAPSHOT_EVERY: '1s' }

type Images = Readonly<Record<'kept' | 'gone' | 'damaged' | 'missing', Image>>

/** What keeps a registry well, on records and bytes that two replicas share. */
export async function upkeepScenarios(stores: Stores, report: Report): Promise<void> {
  const scratch = await scratchFolder('upkeep')
  const cluster = await Cluster.start({ name: 'upkeep', stores, env: ENV })
  const world = { stores, cluster, backup: path.join(scratch.path, 'backup'), folder: scratch.path }
  const clients = cluster.replicas.map(({ url }) => new RegistryClient(url))
  const [one, other] = clients
  if (one === undefined || other === undefined) throw new Error('two replicas are needed')
  try {
    const images = makeImages()
    await report.scenario('cluster: a deleted image leaves the bucket, whichever replica collects', () =>
      collecting(world, images, one),
    )
    await report.scenario(
      'cluster: scrub at one replica finds a damaged object, both say so, a push heals',
      () => scrubbing(world, images.damaged, [one, other]),
    )
    await report.scenario(
      'cluster: lamina fsck finds what is missing and what is left over, and mends it',
      () => checking(world, images.missing, [one, other]),
    )
    await report.scenario(
      'cluster: lamina backup, the database is lost, lamina restore beside the bucket',
      () => restoring(world, images),
    )
  } finally {
    for (const client of clients) client.close()
    await cluster.stop()
    await scratch.remove()
  }
}

interface World {
  readonly stores: Stores
  readonly cluster: Cluster
  /** A folder for the backup. */
  readonly backup: string
  readonly folder: string
}

function makeImages(): Images {
  const of = (seed: string): Image =>
    makeImage({
      layers: [
        { seed: `upkeep-${seed}`, size: 5000 },
        // Larger than a part: a multipart upload.
        { seed: `upkeep-${seed}-large`, size: 9_000_000 },
      ],
    })
  return { kept: of('kept'), gone: of('gone'), damaged: of('damaged'), missing: of('missing') }
}

async function collecting(world: World, images: Images, client: RegistryClient): Promise<string> {
  // Whoever takes longer than the grace between a layer and its manifest begins again.
  for (const [tag, image] of Object.entries(images))
    await until(`the image ${tag} is not taken`, async () => {
      await client.pushImage(REPOSITORY, image, tag)
      return true
    })
  const { digest } = images.gone.manifest
  const { status } = await client.request('DELETE', `/v2/${REPOSITORY}/manifests/${digest}`)
  expect(status === 202, `DELETE answered ${status}`)
  const blobs = [images.gone.config, ...images.gone.layers]
  await until('its objects are still in the bucket', async () => {
    const keys = await keysOf(world)
    return !blobs.some((blob) => keys.some((key) => key.includes(hexOf(blob))))
  })
  await pullAll(client, images, ['kept', 'damaged', 'missing'])
  return `${blobs.length} blobs gone, three images there`
}

/** Other bytes of the same length in one object, as a disk that rots has them. */
async function scrubbing(
  world: World,
  image: Image,
  [one, other]: readonly [RegistryClient, RegistryClient],
): Promise<string> {
  const blob = large(image)
  const data = await objectOf(world, blob)
  const bytes = Buffer.from(blob.bytes)
  bytes[1000] = (bytes[1000] ?? 0) ^ 1
  await world.stores.s3.requests.must('PUT', `/${BUCKET}/${data}`, { body: bytes })
  await world.cluster.replica(0).command(['scrub', 'start'])
  await until('the scrub has not found it', async () => {
    const lists = world.cluster.replicas.map((replica) => replica.command(['damaged']))
    return (await Promise.all(lists)).every((list) => list.includes(blob.digest))
  })
  for (const client of [one, other]) {
    const { status } = await client.request('GET', `/v2/${REPOSITORY}/blobs/${blob.digest}`)
    expect(status === 404, `a damaged blob is answered ${status}`)
  }
  await other.pushBlob(REPOSITORY, blob)
  await one.checkBlob(REPOSITORY, blob.digest)
  const left = await world.cluster.replica(0).command(['damaged'])
  expect(!left.includes(blob.digest), 'a healed blob is listed')
  return 'listed and answered 404 at both replicas, healed at both by a push at one'
}

async function checking(
  world: World,
  image: Image,
  [one, other]: readonly [RegistryClient, RegistryClient],
): Promise<string> {
  const blob = large(image)
  const { requests } = world.stores.s3
  await requests.must('DELETE', `/${BUCKET}/${await objectOf(world, blob)}`)
  const id = crypto.randomUUID()
  const small = `${prefixOf(world)}/sha256/ab/${'ab'.repeat(32)}`
  const orphans = [
    `${prefixOf(world)}/data/${id}`,
    `${small}.${id}.3`,
    `${small}.${crypto.randomUUID()}.3.blob`,
  ]
  for (const key of orphans) await requests.must('PUT', `/${BUCKET}/${key}`, { body: Buffer.from('abc') })
  const [first, second] = [world.cluster.replica(0), world.cluster.replica(1)]
  const found = await first.command(['fsck']).catch(String)
  for (const part of [blob.digest, 'bytes that no record mentions'])
    expect(found.includes(part), `fsck does not speak of ${part}: ${found}`)
  await second.command(['fsck', '--repair'])
  await until('what no record mentions is still there', async () => {
    const keys = await keysOf(world)
    return !orphans.some((key) => keys.includes(key))
  })
  await other.pushBlob(REPOSITORY, blob)
  await one.checkBlob(REPOSITORY, blob.digest)
  const after = await first.command(['fsck'])
  expect(after.includes('No problems.'), `not mended: ${after}`)
  const [here, there] = await Promise.all([one, other].map((side) => side.request('GET', '/api/v1/fsck')))
  expect(here?.body.toString() === there?.body.toString(), 'the two replicas tell of different checks')
  return 'found at one replica, mended at the other; both tell of the last check'
}

/** Twice from nothing but the bucket: with a backup of the records, and with the snapshot in the bucket itself. */
async function restoring(world: World, images: Images): Promise<string> {
  const { cluster, stores, backup } = world
  const said = await cluster.replica(0).command(['backup', '--to', backup])
  expect(said.includes('they stay in the bucket'), `a backup said: ${said}`)
  // A second snapshot from now on holds everything.
  await sleep(3000)
  await cluster.kill()
  const lost = cluster.settings
  for (const [name, ...from] of [
    ['backup', '--from', backup],
    ['snapshot', '--from-store'],
  ] as const) {
    const database = await stores.newRegistry()
    const env = { ...database, LAMINA_BLOBS: lost['LAMINA_BLOBS'] ?? '', ...ENV }
    await restored({ ...world, env, name }, images, from)
  }
  return 'from the backup and from the newest snapshot in the bucket: every tag, digest and byte as before'
}

async function restored(
  world: World & { readonly env: Readonly<Record<string, string>>; readonly name: string },
  images: Images,
  from: readonly string[],
): Promise<void> {
  const data = path.join(world.folder, world.name)
  const options = { name: `upkeep-${world.name}`, data, env: world.env }
  const refused = await Lamina.offline(options, ['restore', ...from]).catch(String)
  expect(refused.includes('--take-over'), `a bucket of another registry was taken: ${refused}`)
  await Lamina.offline(options, ['restore', ...from, '--take-over'])
  const lamina = await Lamina.start(options)
  const client = new RegistryClient(lamina.url)
  try {
    await pullAll(client, images, ['kept', 'damaged', 'missing'])
    // What was pushed since is left over, and goes when this start has the bucket for long enough.
    await lamina.command(['fsck', '--repair']).catch(() => undefined)
    await until(`after restoring from the ${world.name} fsck finds something`, async () =>
      (await lamina.command(['fsck'])).includes('No problems.'),
    )
    await client.pushImage(REPOSITORY, images.gone, 'again')
  } finally {
    client.close()
    await lamina.stop()
  }
}

async function pullAll(
  client: RegistryClient,
  images: Images,
  tags: readonly (keyof Images)[],
): Promise<void> {
  for (const tag of tags) {
    const { digest } = await client.manifest(REPOSITORY, tag)
    expect(digest === images[tag].manifest.digest, `${tag} leads to ${digest}`)
    for (const blob of [images[tag].config, ...images[tag].layers])
      await client.checkBlob(REPOSITORY, blob.digest)
  }
}

function large({ layers }: Image): Blob {
  const blob = layers.at(-1)
  if (blob === undefined) throw new Error('an image without layers')
  return blob
}

function hexOf({ digest }: Blob): string {
  return digest.slice('sha256:'.length)
}

function prefixOf({ cluster }: World): string {
  return (cluster.settings['LAMINA_BLOBS'] ?? '').slice(`s3://${BUCKET}/`.length)
}

async function keysOf(world: World): Promise<string[]> {
  return [...(await world.stores.s3.requests.objects(BUCKET, `${prefixOf(world)}/`)).keys()]
}

/** The key of its bytes. */
async function objectOf(world: World, blob: Blob): Promise<string> {
  const found = (await keysOf(world)).map(blobObject).find((object) => object?.hex === hexOf(blob))
  if (found === undefined) throw new Error(`${blob.digest} is not in the bucket`)
  return found.data
}

/** Waits for what a replica does by itself. */
async function until(failure: string, holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS
  let last = ''
  while (!(await holds().catch((error: unknown) => void (last = String(error))))) {
    expect(Date.now() < end, `${failure} ${last}`)
    await sleep(300)
  }
}
