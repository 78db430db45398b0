import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { type Blob, digestOf } from '../fixtures/image.ts'
import type { Lamina } from '../servers/lamina.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { processorSeconds } from './cpu.ts'
import { untilIdle } from './idle.ts'
import type { LayerFile } from './layers.ts'
import { plainUnpacking } from './plain-unpacking.ts'
import type { Row } from './report.ts'
import { forgetPeak, resident } from './resident.ts'
import { IMAGE, laminaToken, REPOSITORY } from './subject.ts'
import { push } from './work.ts'

/** Seconds that one layer may take on a machine that others use, too. */
const PATIENCE = 1200
const LOOK_MS = 100
const THROUGHPUT = 150
const MEMORY_LIMIT = 100

const CONFIG = 'application/vnd.oci.image.config.v1+json'

const indexState = z.object({ state: z.string(), reason: z.string().optional() })

/** Pushes a layer's bytes; its manifest, which has it indexed, is still to come. */
export async function pushLayer({ url, pid }: Lamina, { path, digest }: LayerFile): Promise<void> {
  const headers = { authorization: `Bearer ${await laminaToken(url)}` }
  await push({ name: 'lamina', url, pid, headers }, path, digest)
}

/** What a manifest and a config say of a layer. */
export interface NamedLayer {
  readonly digest: string
  readonly diffId: string
  readonly size: number
  readonly name: string
  readonly compression: 'gzip' | 'zstd'
}

/** A layer as it was written. */
export function named({ digest, diffId, size, plan }: LayerFile): NamedLayer {
  return { digest, diffId, size, name: plan.name, compression: plan.compression }
}

/** Pushes an image whose layers are there. */
export async function pushImageOf(
  client: RegistryClient,
  layers: readonly NamedLayer[],
  tag: string,
): Promise<void> {
  const config = blob({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ name }) => ({ created_by: `COPY ${name} /` })),
  })
  const manifest = blob({
    schemaVersion: 2,
    mediaType: IMAGE,
    config: { mediaType: CONFIG, digest: config.digest, size: config.bytes.length },
    layers: layers.map(({ digest, size, compression }) => ({
      mediaType: `application/vnd.oci.image.layer.v1.tar+${compression}`,
      digest,
      size,
    })),
  })
  await client.pushImage(REPOSITORY, { layers: [], config, manifest }, tag)
}

function blob(value: unknown): Blob {
  const bytes = Buffer.from(JSON.stringify(value))
  return { digest: digestOf(bytes), bytes }
}

/** Indexes a layer after a new start of the server, whose memory has seen nothing else. */
export async function measureIndexing(lamina: Lamina, layer: LayerFile): Promise<Row[]> {
  await pushLayer(lamina, layer)
  await lamina.stop()
  await lamina.restart()
  const client = new RegistryClient(lamina.url)
  await untilIdle(lamina.pid, PATIENCE)
  const idle = (await resident(lamina.pid)).now
  await forgetPeak(lamina.pid)
  const [begun, before] = [performance.now(), await processorSeconds(lamina.pid)]
  await pushImageOf(client, [named(layer)], layer.plan.name)
  await untilIndexed(client, layer.digest)
  const wall = (performance.now() - begun) / 1000
  const spent = (await processorSeconds(lamina.pid)) - before
  const { peak } = await resident(lamina.pid)
  client.close()
  return rowsOf(layer, { wall, spent, plain: await plainUnpacking(layer), above: peak - idle, idle })
}

interface Spent {
  readonly wall: number
  /** Seconds of processor time. */
  readonly spent: number
  /** The same for unpacking and hashing alone. */
  readonly plain: number
  readonly above: number
  readonly idle: number
}

function rowsOf({ plan, unpacked, size }: LayerFile, { wall, spent, plain, above, idle }: Spent): Row[] {
  const megabytes = unpacked / 1e6
  const about = `${plan.name}, ${megabytes.toFixed(0)} MB in ${(size / 1e6).toFixed(0)} MB of ${plan.compression}`
  return [
    {
      what: `indexing: ${about}`,
      value: `${(megabytes / spent).toFixed(0)} MB for a second of one core`,
      beside: `${wall.toFixed(1)} s by the clock, ${spent.toFixed(1)} s of processor time; Node alone unpacks and hashes it twice at ${(megabytes / plain).toFixed(0)} MB: ${(plain / spent).toFixed(2)} × its rate`,
      target: `≥ ${THROUGHPUT} MB`,
      met: megabytes / spent >= THROUGHPUT,
    },
    {
      what: `resident meanwhile: ${plan.name}`,
      value: `${above.toFixed(0)} MB above idle`,
      beside: `${idle.toFixed(0)} MB when idle`,
      target: `≤ ${MEMORY_LIMIT} MB`,
      met: above <= MEMORY_LIMIT,
    },
  ]
}

/** Waits until a layer is indexed. Throws when it gets another verdict, or takes too long. */
export async function untilIndexed(client: RegistryClient, digest: string): Promise<void> {
  const end = Date.now() + PATIENCE * 1000
  while (Date.now() < end) {
    const { body } = await client.request('GET', `/api/v1/layer/${digest}/index`)
    const { state, reason } = indexState.parse(JSON.parse(body.toString()))
    if (state === 'done') return
    if (!['none', 'queued', 'running'].includes(state)) throw new Error(`${digest} is ${state}: ${reason}`)
    await sleep(LOOK_MS)
  }
  throw new Error(`${digest} is not indexed after ${PATIENCE} s`)
}

/** Has a layer indexed anew, and calls `meanwhile` again and again until it is. */
export async function reindex(
  client: RegistryClient,
  digest: string,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const { status } = await client.request('POST', `/api/v1/layer/${digest}/index`)
  if (status >= 300) throw new Error(`POST of an index answered ${status}`)
  const state = { over: false }
  const indexed = untilIndexed(client, digest).finally(() => {
    state.over = true
  })
  while (!state.over) await meanwhile()
  await indexed
}
