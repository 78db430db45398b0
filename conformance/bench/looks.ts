import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { digestOf, type Image } from '../fixtures/image.ts'
import { type TarFile, tar } from '../fixtures/tar.ts'
import { build, file, type Step } from '../page/images.ts'
import type { Lamina } from '../servers/lamina.ts'
import { type Answer, RegistryClient } from '../servers/registry-client.ts'
import { untilIdle } from './idle.ts'
import { type NamedLayer, named, pushImageOf, pushLayer, reindex, untilIndexed } from './indexing.ts'
import { LAST, type LayerFile } from './layers.ts'
import type { Row } from './report.ts'
import { median, percentile } from './statistics.ts'
import { IMAGE, REPOSITORY } from './subject.ts'

const PATIENCE = 1200
const P99 = 0.99
const IMAGES = 30
const LAYERS = 12
const SHARED = 8
/** First looks of a server that has just started. */
const COLD = 3
/** Pause between two manifest GETs, in ms: a registry at work, not one that is overrun. */
const PAUSE_MS = 2

/** Milliseconds for which a server that has just started is asked before it is measured: its code is compiled meanwhile. */
const WARM_MS = 5000
/** Measurements with and without the work beside, in turn: a machine is faster and slower by the minute. */
const PAIRS = 3

/** Image view and grid of images that share most of their layers. */
export async function measureImages(lamina: Lamina, rounds: number): Promise<Row[]> {
  const client = new RegistryClient(lamina.url)
  const images = Array.from({ length: IMAGES }, (_, number) => imageOfMany(number))
  const refs = images.map((_, number) => `demo/many:v${number}`)
  for (const [number, image] of images.entries()) await client.pushImage('demo/many', image, `v${number}`)
  for (const { digest } of images.flatMap(({ layers }) => layers)) await untilIndexed(client, digest)
  client.close()
  const view = (one: RegistryClient) => one.request('GET', `/api/v1/image?ref=${refs[7] ?? ''}`)
  const body = Buffer.from(JSON.stringify({ images: refs }))
  const headers = { 'content-type': 'application/json' }
  const grid = (one: RegistryClient) => one.request('POST', '/api/v1/analyze', { body, headers })
  return [
    await lookRow(lamina, `image view, ${LAYERS} indexed layers`, { look: view, rounds, target: 20 }),
    await lookRow(lamina, `grid of ${IMAGES} images of ${LAYERS} layers`, {
      look: grid,
      rounds: rounds / 5,
      target: 200,
    }),
  ]
}

function imageOfMany(number: number): Image {
  const steps = Array.from({ length: LAYERS }, (_, at): Step => {
    const own = at < SHARED ? `${at}` : `${at}-${number}`
    return { createdBy: `RUN make step ${own}`, files: [file(`usr/lib/step-${own}`, 4000)] }
  })
  return build(steps)
}

/** First screens of a large tree: its root, and the directory that holds all the others. */
export async function measureTree(lamina: Lamina, layer: LayerFile, rounds: number): Promise<Row[]> {
  const client = new RegistryClient(lamina.url)
  await pushLayer(lamina, layer)
  const over = overlays(layer.plan.files)
  for (const one of over) await client.pushBlob(REPOSITORY, one)
  await pushImageOf(client, [named(layer), ...over], 'tree')
  for (const { digest } of [layer, ...over]) await untilIndexed(client, digest)
  client.close()
  const what = `merged tree of ${layer.plan.files} files, two layers over it, first screen`
  const rows: Row[] = []
  for (const path of ['', 'usr/share', 'usr/share/part-7']) {
    const look = (one: RegistryClient) =>
      one.request('GET', `/api/v1/image/tree?ref=${REPOSITORY}:tree&n=100&path=${path}`)
    rows.push(await lookRow(lamina, `${what} of /${path}`, { look, rounds, target: 100 }))
  }
  return rows
}

/** Layers that change some files and take others away. */
function overlays(files: number): (NamedLayer & { readonly bytes: Buffer })[] {
  const names = (from: number) =>
    Array.from({ length: 500 }, (_, at) => {
      const number = (from + at * 37) % files
      return { parent: `usr/share/part-${Math.floor(number / 500)}`, name: `file-${number}.txt` }
    })
  return [
    inMemory(
      'changes',
      names(0).map(({ parent, name }) => file(`${parent}/${name}`, 100)),
    ),
    inMemory(
      'whiteouts',
      names(11).map(({ parent, name }) => file(`${parent}/.wh.${name}`, 0)),
    ),
  ]
}

function inMemory(name: string, files: readonly TarFile[]) {
  const plain = tar(files)
  const bytes = gzipSync(plain)
  const compression = 'gzip' as const
  return { name, bytes, digest: digestOf(bytes), diffId: digestOf(plain), size: bytes.length, compression }
}

interface Looking {
  readonly look: (client: RegistryClient) => Promise<Answer>
  readonly rounds: number
  /** Milliseconds. */
  readonly target: number
}

/** The first looks after a start of the server, and many more; all of them count. */
async function lookRow(lamina: Lamina, what: string, { look, rounds, target }: Looking): Promise<Row> {
  const [cold, warm]: [number[], number[]] = [[], []]
  for (let at = 0; at < COLD; at++) {
    await lamina.stop()
    await lamina.restart()
    const client = new RegistryClient(lamina.url)
    // Who asks is known; what is asked for is not.
    await clocked(() => client.request('GET', '/api/v1/search'))
    await untilIdle(lamina.pid, PATIENCE)
    cold.push(await clocked(() => look(client)))
    for (let round = 0; round < rounds / COLD; round++) warm.push(await clocked(() => look(client)))
    client.close()
  }
  const most = percentile(warm, P99)
  return {
    what,
    value: `p99 ${most.toFixed(1)} ms`,
    beside: `median ${median(warm).toFixed(1)} ms; first after a start ${median(cold).toFixed(1)} ms`,
    target: `< ${target} ms`,
    met: most < target && median(cold) < target,
  }
}

/** Milliseconds until the whole answer is here. Throws unless it is 200. */
async function clocked(look: () => Promise<Answer>): Promise<number> {
  const begun = performance.now()
  const { status, body } = await look()
  if (status !== 200) throw new Error(`a look answered ${status}: ${body.toString().slice(0, 300)}`)
  return performance.now() - begun
}

/** Views of the last file of an indexed layer: before its seek points are there, and then. */
export async function measureLastFile(lamina: Lamina, layer: LayerFile, rounds: number): Promise<Row> {
  const client = new RegistryClient(lamina.url)
  const bytes = layer.plan.lastBytes ?? 0
  const file = `/api/v1/layer/${layer.digest}/file?path=${LAST}&length=${bytes}`
  const view = () => clocked(() => client.request('GET', file))
  const first = await view()
  await untilIdle(lamina.pid, PATIENCE)
  const later: number[] = []
  for (let round = 0; round < rounds; round++) later.push(await view())
  client.close()
  return {
    what: `file of ${(bytes / 1e6).toFixed(1)} MB at the end of ${(layer.unpacked / 1e9).toFixed(2)} GB, with seek points`,
    value: `median ${median(later).toFixed(0)} ms, p99 ${percentile(later, P99).toFixed(0)} ms`,
    beside: `${(first / 1000).toFixed(1)} s before they were made`,
    target: '< 100 ms',
    met: median(later) < 100,
  }
}

/** Manifest GETs, and pushes of small images, while a layer is indexed and while none is. */
export async function measureOthers(lamina: Lamina, layer: LayerFile): Promise<Row[]> {
  const client = new RegistryClient(lamina.url)
  const [calm, during]: [number[], number[]] = [[], []]
  const ask = (times: number[]) => async () => {
    times.push(
      await clocked(() => client.request('GET', `/v2/${REPOSITORY}/manifests/${layer.plan.name}`, ACCEPT)),
    )
    await sleep(PAUSE_MS)
  }
  const askFor = async (milliseconds: number, times: number[]) => {
    for (const end = Date.now() + milliseconds; Date.now() < end; ) await ask(times)()
  }
  await askFor(WARM_MS, [])
  let took = WARM_MS
  for (let pair = 0; pair < PAIRS; pair++) {
    await askFor(took, calm)
    const begun = Date.now()
    await reindex(client, layer.digest, ask(during))
    took = Date.now() - begun
  }
  let pushes = 0
  await reindex(client, layer.digest, async () => {
    await client.pushImage('demo/beside', imageOfMany(1000 + pushes), `v${pushes}`)
    pushes += 1
  })
  client.close()
  const [quiet, busy] = [percentile(calm, P99), percentile(during, P99)]
  return [
    {
      what: `manifest GET while ${layer.plan.name} is indexed`,
      value: `p99 ${busy.toFixed(1)} ms`,
      beside: `${quiet.toFixed(1)} ms while nothing is: ${(busy / quiet).toFixed(2)} ×; medians ${median(during).toFixed(2)} and ${median(calm).toFixed(2)} ms`,
      target: '≤ 2 ×',
      met: busy <= 2 * quiet,
    },
    {
      what: `pushes while ${layer.plan.name} is indexed`,
      value: `${pushes} images of ${LAYERS} layers`,
      beside: `${(took / 1000).toFixed(0)} s of indexing`,
      target: 'they go on',
      met: pushes > 0,
    },
  ]
}

const ACCEPT = { headers: { accept: IMAGE } }
