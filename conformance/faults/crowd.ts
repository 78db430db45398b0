import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { named, pushImageOf, pushLayer, untilIndexed } from '../bench/indexing.ts'
import { LAST, type LayerFile, type LayerPlan, writeLayer } from '../bench/layers.ts'
import { resident } from '../bench/resident.ts'
import { IMAGE, REPOSITORY } from '../bench/subject.ts'
import { digestOf, type Image, makeImage } from '../fixtures/image.ts'
import { expect, Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { scratchFolder } from '../servers/workspace.ts'

// Many who ask for the same large thing at once, of a server with the memory of a small container: all are answered, others
// go on meanwhile, and the server lives. What one of them needs is small; forty times that ended servers.
const CROWD = 40
/** Megabytes that V8 takes for its heap in a container of 512 MiB, where it reads the limit itself. */
const HEAP_MB = 256
const LIMIT_MB = 512
const LAYER: LayerPlan = {
  name: 'many',
  files: 150_000,
  fileBytes: 300,
  content: 'text',
  compression: 'gzip',
  lastBytes: 100_000,
}
const TAGS = 40_000
/** Tags of one PUT. */
const AT_ONCE = 100
const TAGGED = 'demo/tagged'
const BUSY = 'demo/busy'
/** Repositories of a thousand tags. */
const BUSY_REPOSITORIES = 25
/** Entries of an index, none of which is here. */
const ENTRIES = 10_000
const INDEX = 'application/vnd.oci.image.index.v1+json'

const report = new Report('crowd')
const scratch = await scratchFolder('crowd')
const lamina = await Lamina.start({
  name: 'lamina-crowd',
  data: path.join(scratch.path, 'data'),
  env: { NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` },
})
const client = new RegistryClient(lamina.url)
try {
  await fill()
  for (const [what, ask] of Object.entries(questions()))
    await report.scenario(`faults: ${CROWD} at once ask for ${what}`, () => crowd(ask))
} finally {
  client.close()
  await lamina.stop()
  await scratch.remove()
}
report.finish()

async function fill(): Promise<void> {
  const layer = await writeLayer(LAYER, path.join(scratch.path, 'layer'))
  const other = await writeLayer(
    { ...LAYER, name: 'few', files: 1000, fileBytes: 5000 },
    path.join(scratch.path, 'other'),
  )
  await pushIndexed([layer, other])
  await pushImageOf(client, [named(layer)], 'one')
  await pushImageOf(client, [named(layer), named(other)], 'two')
  const image = makeImage({ layers: [{ seed: 'crowd', size: 1000 }] })
  await tagged(TAGGED, image, TAGS)
  for (let at = 0; at < BUSY_REPOSITORIES; at++) await tagged(`${BUSY}${at}`, image, 1000)
}

async function pushIndexed(layers: readonly LayerFile[]): Promise<void> {
  for (const layer of layers) {
    await pushLayer(lamina, layer)
    await pushImageOf(client, [named(layer)], layer.plan.name)
    await untilIndexed(client, layer.digest)
  }
}

/** One image under many tags. */
async function tagged(repository: string, image: Image, count: number): Promise<void> {
  await client.pushImage(repository, image, 'first')
  for (let from = 0; from < count; from += AT_ONCE) {
    const query = Array.from({ length: AT_ONCE }, (_, at) => `tag=v${from + at}`).join('&')
    const url = `/v2/${repository}/manifests/${image.manifest.digest}?${query}`
    const { status } = await client.request('PUT', url, {
      body: image.manifest.bytes,
      headers: { 'content-type': IMAGE },
    })
    if (status !== 201) throw new Error(`PUT of ${AT_ONCE} tags answered ${status}`)
  }
}

type Question = () => ReturnType<RegistryClient['request']>

/** Of each kind that reads much. */
function questions(): Readonly<Record<string, Question>> {
  const get = (url: string) => () => client.request('GET', url)
  const post = (url: string, value: object) => () =>
    client.request('POST', url, {
      body: Buffer.from(JSON.stringify(value)),
      headers: { 'content-type': 'application/json' },
    })
  const [one, two] = [`${REPOSITORY}:one`, `${REPOSITORY}:two`]
  return {
    'all tags': get(`/v2/${TAGGED}/tags/list`),
    'all repositories': get('/v2/_catalog'),
    'a page of tags': get(`/api/v1/tags?repository=${TAGGED}&n=1000`),
    'the repositories of a project': get('/api/v1/projects/demo/repositories'),
    'the numbers of a project': get('/api/v1/projects/demo/counts'),
    'the deduplication of a project': get('/api/v1/projects/demo/dedup'),
    'a search': get('/api/v1/search?q=nowhere'),
    'a file at the end of a layer': get(`/api/v1/image/file?ref=${one}&path=${LAST}`),
    'a directory': get(`/api/v1/image/tree?ref=${two}&path=usr/share/part-7&n=1000`),
    waste: get(`/api/v1/image/waste?ref=${two}`),
    hints: get(`/api/v1/image/hints?ref=${two}`),
    'a check': get(`/api/v1/image/check?ref=${two}&forbid=*.pem`),
    'files by name': get(`/api/v1/image/files?ref=${two}&q=nowhere`),
    'a comparison': get(`/api/v1/compare?a=${one}&b=${two}`),
    'a pull plan': post('/api/v1/pullplan', { have: [one], want: two }),
    'a grid': post('/api/v1/analyze', { images: [one, two] }),
    'an archive': get(`/api/v1/export?ref=${one}`),
    'a push of an index with thousands of entries': pushOfIndex(),
  }
}

/** Each time another one. */
function pushOfIndex(): Question {
  const manifests = Array.from({ length: ENTRIES }, (_, at) => ({
    mediaType: IMAGE,
    digest: digestOf(Buffer.from(`${at}`)),
    size: 1000,
  }))
  let pushed = 0
  return () => {
    const index = { schemaVersion: 2, mediaType: INDEX, manifests, annotations: { nth: `${(pushed += 1)}` } }
    return client.request('PUT', `/v2/demo/index/manifests/v${pushed}`, {
      body: Buffer.from(JSON.stringify(index)),
      headers: { 'content-type': INDEX },
    })
  }
}

/** Asks, with somebody beside who pulls. */
async function crowd(ask: Question): Promise<string> {
  const over = new AbortController()
  const beside = pullMeanwhile(over.signal)
  const answers = await Promise.all(Array.from({ length: CROWD }, ask)).finally(() => over.abort())
  const pulls = await beside
  for (const { status, body } of answers)
    expect(status < 300, `one was answered ${status}: ${body.subarray(0, 300).toString()}`)
  const { peak } = await resident(lamina.pid)
  expect(peak < LIMIT_MB * 1.048_576, `the server took ${peak.toFixed(0)} MB`)
  return `${pulls} pulls beside them, ${peak.toFixed(0)} MB at most so far`
}

async function pullMeanwhile(signal: AbortSignal): Promise<number> {
  const other = new RegistryClient(lamina.url)
  let pulls = 0
  try {
    while (!signal.aborted) {
      await other.manifest(REPOSITORY, 'one')
      pulls += 1
      await sleep(5)
    }
    return pulls
  } finally {
    other.close()
  }
}
