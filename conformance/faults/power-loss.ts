import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { digestOf } from '../fixtures/image.ts'
import { type Dice, dice } from '../fixtures/random.ts'
import { expect, Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { must, Server } from '../servers/processes.ts'
import { acceptedManifests, RegistryClient } from '../servers/registry-client.ts'
import { scratchFolder } from '../servers/workspace.ts'
import { DiskWithoutPower, type Loss } from './disk-without-power.ts'
import { acts, type Owed, REPOSITORY } from './power-acts.ts'
import { linesOfStops, readTrace, STRACE_OPTIONS, type SystemCall } from './system-calls.ts'

// A server's calls to the kernel are recorded while images are pushed and deleted. Then power is lost: after every
// answer, and at CRASH_STATES moments chosen by SEED, the data directory is made as it would be if nothing
// survived that was not synced, or names without their bytes, or some pages. A server that starts on it must keep every answer given before.
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const moments = Number(process.env['CRASH_STATES'] ?? 12)
const LOSSES: readonly Loss[] = ['names and bytes', 'bytes', 'some pages']
/** States that servers start on at the same time. */
const LANES = 2
/** Nothing works by itself: what is written, a client has asked for. */
const QUIET = {
  LAMINA_COLLECT_EVERY: '1d',
  LAMINA_SNAPSHOT_EVERY: '0',
  LAMINA_SCRUB_EVERY: '0',
  LAMINA_INDEX_LAYERS: 'off',
  LAMINA_LOG: 'warn',
}

const report = new Report('power-loss')
const scratch = await scratchFolder('power')
// What is left is written and read hundreds of times: in memory that takes no disk's time.
const left = path.join(scratch.path, 'left')
await mkdir(left)
await must('mount', ['-t', 'tmpfs', '-o', 'size=1g', 'tmpfs', left])
try {
  await scenarios()
} finally {
  await must('umount', ['--lazy', left])
  await scratch.remove()
}
report.finish()

async function scenarios(): Promise<void> {
  const data = path.join(scratch.path, 'data')
  const disk = new DiskWithoutPower(data)
  const owed: Owed[] = [new Map()]
  let calls: readonly SystemCall[] = []
  await report.scenario('faults: calls to the kernel are recorded', async () => {
    const reader = new DiskWithoutPower(data)
    calls = await record(data, [disk, reader], owed)
    for (const call of calls) reader.apply(call)
    await reader.expectSeen()
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

async function record(
  data: string,
  disks: readonly DiskWithoutPower[],
  owed: Owed[],
): Promise<readonly SystemCall[]> {
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
  let loaded = 0
  try {
    await strace.until(() => strace.lines.find((line) => line.includes('attached')), 60_000)
    loaded = await whileStopped(lamina.pid, trace, async () => {
      for (const disk of disks) await disk.load()
    })
    for (const [act, changes] of acts(seed)) {
      await act(client)
      owed.push(new Map([...(owed.at(-1) ?? []), ...changes]))
    }
    // A client may have read the last answer before the trace says that it was written.
    await whileStopped(lamina.pid, trace, async () => undefined)
  } finally {
    client.close()
    await lamina.kill()
    await strace.stop()
  }
  // What was done before the folder was loaded lies in it already.
  return readTrace(await readFile(trace, 'utf8')).filter(({ ended }) => ended > loaded)
}

/** Acts while no thread of the process runs; returns the line of the trace at which the last one stood still. */
async function whileStopped(pid: number, trace: string, act: () => Promise<void>): Promise<number> {
  const before = linesOfStops(await readFile(trace, 'utf8')).length
  process.kill(pid, 'SIGSTOP')
  try {
    for (const end = Date.now() + 60_000; ; await sleep(50)) {
      const stops = linesOfStops(await readFile(trace, 'utf8'))
      const last = stops.at(-1)
      if (last !== undefined && stops.length - before >= (await readdir(`/proc/${pid}/task`)).length) {
        await act()
        return last
      }
      expect(Date.now() < end, 'the server does not stand still')
    }
  } finally {
    process.kill(pid, 'SIGCONT')
  }
}

/** Returns the number of states. */
async function loseAtMoments(
  disk: DiskWithoutPower,
  calls: readonly SystemCall[],
  owed: readonly Owed[],
): Promise<number> {
  const choices = dice(seed)
  const chosen = chooseMoments(calls, owed, choices)
  let [answered, states] = [0, 0]
  const starting = new Set<Promise<void>>()
  try {
    for (const [index, call] of calls.entries()) {
      disk.apply(call)
      if (isAnswer(call)) answered += 1
      if (!chosen.has(index)) continue
      const before = owed[answered] ?? new Map<string, string>()
      for (const loss of LOSSES) {
        const data = await mkdtemp(path.join(left, 'data-'))
        await disk.write(data, loss, choices)
        const start = startOn(data, loss, [before, owed[answered + 1] ?? before])
        starting.add(start)
        start.then(
          () => starting.delete(start),
          () => undefined,
        )
        if (starting.size === LANES) await Promise.race(starting)
        states += 1
      }
    }
    await Promise.all(starting)
  } finally {
    await Promise.allSettled(starting)
  }
  return states
}

/** Indices of calls: the answers that change what is owed, and as many others as were asked for. */
function chooseMoments(
  calls: readonly SystemCall[],
  owed: readonly Owed[],
  choices: Dice,
): ReadonlySet<number> {
  const answers = calls.flatMap((call, index) => (isAnswer(call) ? [index] : []))
  expect(answers.length === owed.length - 1, `${answers.length} answers in the trace of ${owed.length - 1}`)
  const chosen = new Set(answers.filter((_, at) => textOf(owed[at]) !== textOf(owed[at + 1])))
  const wanted = Math.min(chosen.size + moments, calls.length)
  while (chosen.size < wanted) chosen.add(choices.below(calls.length))
  return chosen
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
async function startOn(data: string, loss: Loss, [before, after]: readonly [Owed, Owed]): Promise<void> {
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
    await rm(data, { recursive: true })
  }
}
