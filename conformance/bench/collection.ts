import { readdir } from 'node:fs/promises'
import { loadavg } from 'node:os'
import path from 'node:path'
import { Lamina } from '../servers/lamina.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { S3 } from '../servers/s3.ts'
import { scratchFolder } from '../servers/workspace.ts'
import { processorSeconds } from './cpu.ts'
import { collectEverything, GARBAGE_SETTINGS, pushGarbage, type Run } from './garbage.ts'
import { fillWithManifests, pathOf } from './many-manifests.ts'
import { removePlain, storePlain } from './plain-removal.ts'
import { forgetPeak, resident } from './resident.ts'
import { startTime } from './start.ts'
import { median, percentile } from './statistics.ts'
import { SteadyReader } from './steady-reader.ts'
import { IMAGE, laminaToken, pushImage, type Subject } from './subject.ts'

/**
 * `npm run bench:collection [-- --quick] [PART…]`: how fast blobs go that no manifest refers to, what those who pull
 * feel meanwhile, and whether a start takes longer when the registry holds much. BLOBS and MANIFESTS set other numbers.
 */
const BUCKET = 'bench'
const CALM_SECONDS = 15
const STARTS = 5

const words = process.argv.slice(2)
const quick = words.includes('--quick')
const asked = words.filter((word) => !word.startsWith('--'))
const blobs = Number(process.env['BLOBS'] ?? (quick ? 5000 : 100_000))
const manifests = Number(process.env['MANIFESTS'] ?? (quick ? 20_000 : 1_000_000))

/** One way to keep bytes. */
interface Stand {
  readonly name: string
  readonly env: Record<string, string>
  /** Files or objects that are left. */
  readonly left: (data: string) => Promise<number>
  /** Blobs a second that are to be reached. */
  readonly target: number
  /** What is measured next, while the server still runs. */
  readonly afterwards?: (runs: readonly Run[], reader: SteadyReader) => Promise<void>
}

async function onFilesystem(): Promise<void> {
  const left = async (data: string): Promise<number> => {
    const entries = await readdir(path.join(data, 'blobs/blobs'), { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).length
  }
  await measure({ name: 'filesystem', env: {}, left, target: 2000 })
}

async function onS3(): Promise<void> {
  const s3 = await S3.start({ name: 'bench-collection-s3', capacity: 16 * 2 ** 30 })
  try {
    await s3.createBucket(BUCKET)
    const left = async (): Promise<number> => (await s3.requests.objects(BUCKET, 'lamina/')).size
    const env = s3.environment(`${BUCKET}/lamina`)
    await measure({ name: 'S3', env, left, target: 1000, afterwards: besidePlainCalls(s3) })
  } finally {
    await s3.stop()
  }
}

/** The same store on the same machine without our collector: what those who pull feel of it then. */
function besidePlainCalls({ requests }: S3): NonNullable<Stand['afterwards']> {
  return async (runs, reader) => {
    // Blobs below the size of a part are one object each.
    const ours = rateOf(runs.filter(({ job }) => job === 'empty-trash'))
    const objects = await storePlain(requests, BUCKET, blobs)
    const removal = removePlain(requests, BUCKET, objects)
    const meanwhile = await reader.during(removal)
    const plain = await removal
    console.log(
      `S3: ${ours.toFixed(0)} objects a second were removed, by plain calls afterwards ${plain.toFixed(0)}: ${(ours / plain).toFixed(2)} of it; p99 of manifest GET beside those ${percentile(meanwhile, 0.99).toFixed(1)} ms of ${meanwhile.length}, median ${median(meanwhile).toFixed(1)} ms`,
    )
  }
}

async function measure(stand: Stand): Promise<void> {
  const { name, env, left } = stand
  const scratch = await scratchFolder('bench-collection')
  const data = path.join(scratch.path, 'data')
  const logFile = path.join(scratch.path, 'log')
  const lamina = await Lamina.start({
    name: 'bench-collection',
    data,
    env: { ...GARBAGE_SETTINGS, ...env },
    logFile,
  })
  try {
    const headers = { authorization: `Bearer ${await laminaToken(lamina.url)}` }
    const subject: Subject = { name: 'lamina', url: lamina.url, pid: lamina.pid, headers }
    await pushImage(subject)
    const kept = await left(data)
    const pushing = performance.now()
    await pushGarbage(lamina.url, blobs)
    const pushed = (performance.now() - pushing) / 1000
    console.log(`${name}: ${blobs} blobs pushed in ${pushed.toFixed(0)} s, ${await left(data)} stored`)
    // Who may push is told of what the collector then spares: with a grace of a second that is a commit four times a second.
    const pulling = { authorization: `Bearer ${await laminaToken(lamina.url, 'pull')}` }
    const reader = new SteadyReader({ ...subject, headers: pulling })
    const runs = await measureCollection(stand, subject, reader)
    await stand.afterwards?.(runs, reader)
    reader.close()
    const rest = (await left(data)) - kept
    console.log(`${name}: ${rest} of them left`)
    if (rest !== 0) process.exitCode = 1
  } finally {
    await lamina.stop()
    await scratch.remove()
  }
}

async function measureCollection(
  { name, target }: Stand,
  subject: Subject,
  reader: SteadyReader,
): Promise<readonly Run[]> {
  const calm = await reader.during(new Promise((resolve) => setTimeout(resolve, CALM_SECONDS * 1000)))
  await forgetPeak(subject.pid)
  const before = await processorSeconds(subject.pid)
  const work = collectEverything(subject.url, blobs)
  const meanwhile = await reader.during(work)
  const runs = await work
  const processor = (await processorSeconds(subject.pid)) - before
  const seconds = sum(runs.map((run) => run.seconds))
  for (const { job, done, seconds: took } of runs)
    console.log(
      `${name}: ${job} settled ${done} in ${took.toFixed(1)} s, ${(done / took).toFixed(0)} a second`,
    )
  const { peak } = await resident(subject.pid)
  result(
    `${name}: ${blobs} unreferenced blobs collected`,
    `${(blobs / seconds).toFixed(0)} a second, ${((processor / blobs) * 1000).toFixed(2)} ms of processor time each with the reads meanwhile, peak ${peak.toFixed(0)} MB`,
    `above ${target} a second`,
    blobs / seconds > target,
  )
  const [quiet, busy] = [percentile(calm, 0.99), percentile(meanwhile, 0.99)]
  result(
    `${name}: p99 of manifest GET meanwhile`,
    `${busy.toFixed(1)} ms of ${meanwhile.length}, median ${median(meanwhile).toFixed(1)} ms; calm ${quiet.toFixed(1)} ms of ${calm.length}, median ${median(calm).toFixed(1)} ms`,
    'at most doubled',
    busy <= 2 * quiet,
  )
  return runs
}

/** Items a second. */
function rateOf(runs: readonly Run[]): number {
  const [done, seconds] = [runs.map((run) => run.done), runs.map((run) => run.seconds)]
  return sum(done) / sum(seconds)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}

async function starting(): Promise<void> {
  const scratch = await scratchFolder('bench-starting')
  try {
    const [empty, full] = [path.join(scratch.path, 'empty'), path.join(scratch.path, 'full')]
    await startTime(empty)
    const filling = performance.now()
    const records = await fillWithManifests(scratch.path, full, manifests)
    const filled = (performance.now() - filling) / 1000
    console.log(
      `start: ${manifests} manifests, ${records} records in all, restored in ${filled.toFixed(0)} s`,
    )
    await proveOne(full)
    const [small, large]: [number[], number[]] = [[], []]
    for (let at = 0; at < STARTS; at++) {
      small.push(await startTime(empty))
      large.push(await startTime(full))
    }
    result(
      `start with ${manifests} manifests`,
      `${median(large).toFixed(0)} ms; with none ${median(small).toFixed(0)} ms`,
      'no longer (10 % is noise)',
      median(large) <= median(small) * 1.1,
    )
  } finally {
    await scratch.remove()
  }
}

/** The last of them can be pulled. */
async function proveOne(data: string): Promise<void> {
  const lamina = await Lamina.start({ name: 'bench-starting', data, env: GARBAGE_SETTINGS })
  const client = new RegistryClient(lamina.url)
  const { status } = await client.request('GET', pathOf(manifests - 1), { headers: { accept: IMAGE } })
  client.close()
  await lamina.stop()
  if (status !== 200) throw new Error(`GET of a manifest answered ${status}`)
}

function result(what: string, value: string, target: string, met: boolean): void {
  console.log(`${what}: ${value} (${target}: ${met ? 'met' : 'MISSED'})`)
  if (!met) process.exitCode = 1
}

const parts = { filesystem: onFilesystem, s3: onS3, start: starting }
for (const [name, run] of Object.entries(parts))
  if (asked.length === 0 || asked.includes(name)) {
    const load = () => loadavg()[0]?.toFixed(1)
    console.log(`${name}: load average ${load()} at the beginning`)
    await run()
    console.log(`${name}: load average ${load()} at the end`)
  }
