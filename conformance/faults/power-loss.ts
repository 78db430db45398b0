import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { digestOf, type Image, makeImage } from '../fixtures/image.ts'
import { dice } from '../fixtures/random.ts'
import { expect, Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { Server } from '../servers/processes.ts'
import { acceptedManifests, RegistryClient } from '../servers/registry-client.ts'
import { scratchFolder } from '../servers/workspace.ts'
import { DiskWithoutPower, type Loss } from './disk-without-power.ts'
import { readTrace, STRACE_OPTIONS, type SystemCall } from './system-calls.ts'

// A server's calls to the kernel are recorded while images are pushed and deleted. Then power is lost: after every
// answer, and at CRASH_STATES moments chosen by SEED, the data directory is made as it would be if nothing
// survived that was not synced, or names without their bytes. A server that starts on it must keep every answer given before.
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const moments = Number(process.env['CRASH_STATES'] ?? 12)
const LOSSES: readonly Loss[] = ['names and bytes', 'bytes']
const REPOSITORY = 'power/app'
/** Nothing works by itself: what is written, a client has asked for. */
const QUIET = {
  LAMINA_COLLECT_EVERY: '1d',
  LAMINA_SNAPSHOT_EVERY: '0',
  LAMINA_SCRUB_EVERY: '0',
  LAMINA_INDEX_LAYERS: 'off',
  LAMINA_LOG: 'warn',
}

/** What a path must answer: the digest of its body, or undefined for 404. */
type Owed = ReadonlyMap<string, string | undefined>

const report = new Report('power-loss')
const scratch = await scratchFolder('power')
try {
  await scenarios()
} finally {
  await scratch.remove()
}
report.finish()

async function scenarios(): Promise<void> {
  const data = path.join(scratch.path, 'data')
  const disk = new DiskWithoutPower(data)
  const owed: Owed[] = [new Map()]
  let calls: readonly SystemCall[] = []
  await report.scenario('faults: calls to the kernel are recorded', async () => {
    calls = await record(data, disk, owed)
    return `${calls.length} calls, ${owed.length - 1} answers`
  })
  await report.scenario(
    `faults: power lost at any of ${moments} moments, and after each answer`,
    async () => {
      const states = await loseAtMoments(disk, calls, owed)
      report.tally({ 'crash states': states })
      return `SEED=${seed}, ${states} states`
    },
  )
}

async function record(data: string, disk: DiskWithoutPower, owed: Owed[]): Promise<readonly SystemCall[]> {
  const lamina = await Lamina.start({ name: 'lamina-power', data, env: { ...QUIET, LAMINA_LOG: 'info' } })
  const client = new RegistryClient(lamina.url)
  const trace = path.join(scratch.path, 'trace')
  const strace = await Server.start('strace', 'strace', [
    ...STRACE_OPTIONS,
    '-p',
    String(lamina.pid),
    '-o',
    trace,
  ])
  try {
    await strace.until(() => strace.lines.find((line) => line.includes('attached')), 60_000)
    await sleep(2000)
    await disk.load()
    for (const [act, changes] of acts()) {
      await act(client)
      owed.push(new Map([...(owed.at(-1) ?? []), ...changes]))
    }
  } finally {
    client.close()
    await lamina.kill()
    await strace.stop()
  }
  return readTrace(await readFile(trace, 'utf8'))
}

type Act = readonly [act: (client: RegistryClient) => Promise<unknown>, changes: Owed]

/** Requests, one after the other, and what each changes. */
function acts(): Act[] {
  const image = (name: string): Image =>
    makeImage({
      layers: [
        { seed: `${name}-${seed}`, size: 60_000 },
        { seed: `${name}2-${seed}`, size: 300 },
      ],
    })
  const [first, second] = [image('first'), image('second')]
  return [
    ...pushing(first, 'v1'),
    ...pushing(second, 'v1'),
    ...pushing(second, 'v2'),
    deleting(first.manifest.digest, []),
    deleting('v2', []),
    ...pushing(first, 'v3'),
    deleting(second.manifest.digest, ['v1']),
  ]
}

function pushing(image: Image, tag: string): Act[] {
  const manifest = { [tag]: image.manifest.digest, [image.manifest.digest]: image.manifest.digest }
  return [
    ...[...image.layers, image.config].flatMap((blob): Act[] => {
      let location = ''
      return [
        [
          async (client) => {
            const answer = await client.request('POST', `/v2/${REPOSITORY}/blobs/uploads/`)
            location = new URL(answer.headers.location ?? '', 'http://registry').pathname
          },
          new Map(),
        ],
        [
          async (client) => {
            const headers = { 'content-type': 'application/octet-stream' }
            const to = `${location}?digest=${blob.digest}`
            const { status } = await client.request('PUT', to, { body: blob.bytes, headers })
            expect(status === 201, `PUT of a blob answered ${status}`)
          },
          new Map([[`blobs/${blob.digest}`, blob.digest]]),
        ],
      ]
    }),
    [
      (client) => client.putManifest(REPOSITORY, image, tag),
      new Map(Object.entries(manifest).map(([name, digest]) => [`manifests/${name}`, digest])),
    ],
  ]
}

function deleting(reference: string, tags: readonly string[]): Act {
  return [
    async (client) => {
      const { status } = await client.request('DELETE', `/v2/${REPOSITORY}/manifests/${reference}`)
      expect(status === 202, `DELETE of ${reference} answered ${status}`)
    },
    new Map([reference, ...tags].map((name) => [`manifests/${name}`, undefined])),
  ]
}

/** Returns the number of states. */
async function loseAtMoments(
  disk: DiskWithoutPower,
  calls: readonly SystemCall[],
  owed: readonly Owed[],
): Promise<number> {
  const answers = calls.flatMap((call, index) => (isAnswer(call) ? [index] : []))
  expect(answers.length === owed.length - 1, `${answers.length} answers in the trace of ${owed.length - 1}`)
  const choices = dice(seed)
  const chosen = new Set(answers.filter((_, at) => textOf(owed[at]) !== textOf(owed[at + 1])))
  while (chosen.size < answers.length + moments && chosen.size < calls.length)
    chosen.add(choices.below(calls.length))
  let [answered, states] = [0, 0]
  for (const [index, call] of calls.entries()) {
    disk.apply(call)
    if (isAnswer(call)) answered += 1
    if (!chosen.has(index)) continue
    for (const loss of LOSSES) {
      await startOn(disk, loss, [
        owed[answered] ?? new Map(),
        owed[answered + 1] ?? owed[answered] ?? new Map(),
      ])
      states += 1
    }
  }
  return states
}

function textOf(owed: Owed | undefined): string {
  return [...(owed ?? [])].join()
}

/** What an answer's first bytes look like, on a descriptor that is no file. */
function isAnswer({ name, target, strings }: SystemCall): boolean {
  return (
    name.startsWith('write') &&
    target.startsWith('socket:') &&
    strings[0]?.subarray(0, 9).toString() === 'HTTP/1.1 '
  )
}

/** Both what was answered and what was being done may be there: `before` holds, or the act that came next. */
async function startOn(
  disk: DiskWithoutPower,
  loss: Loss,
  [before, after]: readonly [Owed, Owed],
): Promise<void> {
  const place = await scratchFolder('after')
  const data = path.join(place.path, 'data')
  await disk.write(data, loss)
  const lamina = await Lamina.start({
    name: 'lamina-after-power',
    data,
    env: { ...QUIET, LAMINA_LOG: 'info' },
  })
  const client = new RegistryClient(lamina.url)
  try {
    for (const [name, digest] of after) {
      const headers = name.startsWith('blobs') ? {} : { accept: acceptedManifests }
      const { status, body } = await client.request('GET', `/v2/${REPOSITORY}/${name}`, { headers })
      const found = status === 200 ? digestOf(body) : undefined
      expect(status === 200 || status === 404, `GET of ${name} answered ${status}`)
      expect(
        found === digest || found === before.get(name),
        `lost ${loss}: ${name} is ${found ?? 'absent'}, owed is ${before.get(name) ?? 'nothing'}`,
      )
    }
  } finally {
    client.close()
    await lamina.kill()
    await place.remove()
  }
}
