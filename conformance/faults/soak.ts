import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Image, makeImage } from '../fixtures/image.ts'
import { type Dice, dice } from '../fixtures/random.ts'
import { expect, Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { scratchFolder } from '../servers/workspace.ts'

// SECONDS_OF_SOAK of mixed pushes and pulls: no request may fail, and the server's memory must stay bounded.
const seconds = Number(process.env['SECONDS_OF_SOAK'] ?? 120)
const seed = Number(process.env['SEED'] ?? 7)
const PUSHERS = 3
const PULLERS = 3
/** Resident memory that the server may reach, in MiB: issue's 150 for single transfers, times two for six at once. */
const LIMIT = 300
/** How much the last quarter may lie above the second one, in MiB: what grows for ever shows here. */
const GROWTH = 40
/** Below this many seconds a run is mostly warm-up, and only the limit is judged. */
const LONG = 600

const report = new Report('soak')
await report.scenario(`faults: ${seconds} s of mixed pushes and pulls`, run)
report.finish()

interface Load {
  readonly client: RegistryClient
  readonly recent: { repository: string; tag: string; image: Image }[]
  readonly until: number
  pushes: number
  pulls: number
}

async function run(): Promise<string> {
  const scratch = await scratchFolder('soak')
  const data = path.join(scratch.path, 'data')
  const lamina = await Lamina.start({ name: 'lamina-soak', data })
  const client = new RegistryClient(lamina.url)
  const load: Load = { client, recent: [], until: Date.now() + seconds * 1000, pushes: 0, pulls: 0 }
  try {
    const samples: number[] = []
    await Promise.all([
      ...Array.from({ length: PUSHERS }, (_, index) => push(load, index)),
      ...Array.from({ length: PULLERS }, (_, index) => pull(load, dice(seed + 100 + index))),
      sample(lamina, load.until, samples),
    ])
    return `${load.pushes} pushes, ${load.pulls} pulls, ${judgeMemory(samples)}`
  } finally {
    client.close()
    await lamina.stop()
    await scratch.remove()
  }
}

async function push(load: Load, index: number): Promise<void> {
  const choices = dice(seed + index)
  const repository = `soak/app${index}`
  while (Date.now() < load.until) {
    const shared = { seed: `shared-${choices.below(40)}`, size: choices.pick([5_000, 200_000, 2_000_000]) }
    const own = { seed: `own-${index}-${choices.below(1e9)}`, size: choices.pick([500, 20_000, 400_000]) }
    const image = makeImage({ layers: [shared, own] })
    for (const blob of [...image.layers, image.config]) {
      const there = await load.client.request('HEAD', `/v2/${repository}/blobs/${blob.digest}`)
      if (there.status === 404) await load.client.pushBlob(repository, blob)
      else expect(there.status === 200, `HEAD of a blob answered ${there.status}`)
    }
    const tag = `t${choices.below(20)}`
    await load.client.putManifest(repository, image, tag)
    load.recent.push({ repository, tag, image })
    if (load.recent.length > 60) load.recent.shift()
    load.pushes += 1
    await sleep(30)
  }
}

async function pull(load: Load, choices: Dice): Promise<void> {
  while (Date.now() < load.until) {
    await sleep(5)
    if (load.recent.length === 0) continue
    const { repository, image } = choices.pick(load.recent)
    const { digest } = await load.client.manifest(repository, image.manifest.digest)
    expect(digest === image.manifest.digest, 'another manifest came back')
    for (const blob of [image.config, ...image.layers]) await load.client.checkBlob(repository, blob.digest)
    load.pulls += 1
  }
}

async function sample(lamina: Lamina, until: number, samples: number[]): Promise<void> {
  while (Date.now() < until) {
    const status = await readFile(`/proc/${lamina.pid}/status`, 'utf8')
    samples.push(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)
    await sleep(500)
  }
}

function judgeMemory(samples: readonly number[]): string {
  const quarter = Math.floor(samples.length / 4)
  const mean = (from: number): number =>
    samples.slice(from, from + quarter).reduce((sum, value) => sum + value, 0) / Math.max(1, quarter)
  const [highest, second, last] = [Math.max(...samples), mean(quarter), mean(samples.length - quarter)]
  const said = `at most ${highest.toFixed(0)} MiB resident, ${second.toFixed(0)} in the second quarter, ${last.toFixed(0)} in the last`
  expect(highest < LIMIT, `${said}; the limit is ${LIMIT}`)
  expect(seconds < LONG || last < second + GROWTH, `${said}: it grows`)
  return said
}
