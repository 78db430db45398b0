import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { digestOf } from '../fixtures/image.ts'
import { type Dice, dice } from '../fixtures/random.ts'
import { Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { acceptedManifests, RegistryClient } from '../servers/registry-client.ts'
import { scratchFolder } from '../servers/workspace.ts'
import { ChaosWorker } from './chaos-worker.ts'
import { ABSENT, Expectations } from './expectations.ts'

// ROUNDS times: concurrent pushes, mounts, tag moves and deletes; kill -9 at a random moment; restart; everything that
// was acknowledged must be as acknowledged, byte for byte. SEED repeats the choices (not the scheduling).
const rounds = Number(process.env['ROUNDS'] ?? 60)
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const WORKERS = 4
/** Keys beyond this are checked by sample in most rounds, all of them in every tenth and in the last. */
const SAMPLE = 120

const report = new Report('kill-rounds')
console.log(`  kill rounds: SEED=${seed} ROUNDS=${rounds}`)
await report.scenario(`faults: ${rounds} rounds of kill -9 keep every promise`, run)
report.finish()

async function run(): Promise<string> {
  const scratch = await scratchFolder('kill')
  const lamina = await Lamina.start({
    name: 'lamina-kill',
    data: path.join(scratch.path, 'data'),
    env: { LAMINA_MAX_UPLOADS: '100000' },
  })
  const expected = new Expectations()
  const choices = dice(seed)
  const clients = Array.from({ length: WORKERS }, () => new RegistryClient(lamina.url))
  const workers = clients.map(
    (client, index) => new ChaosWorker(`w${index}`, { client, expected, dice: dice(seed + index + 1) }),
  )
  const totals = { checked: 0, slowest: 0 }
  try {
    for (let round = 1; round <= rounds; round++) {
      await inRound(round, async () => {
        await loadAndKill(lamina, workers, choices)
        const begun = Date.now()
        await lamina.restart()
        totals.slowest = Math.max(totals.slowest, Date.now() - begun)
        const all = round % 10 === 0 || round === rounds
        totals.checked += await verify(new RegistryClient(lamina.url), expected, all ? undefined : choices)
        for (const worker of workers) await worker.resume()
      })
    }
  } finally {
    for (const client of clients) client.close()
    await lamina.stop()
    await scratch.remove()
  }
  const sum = (count: (worker: ChaosWorker) => number): number =>
    workers.reduce((total, w) => total + count(w), 0)
  return `seed ${seed}, ${sum((w) => w.operations)} operations, ${totals.checked} promises checked, ${sum((w) => w.resumed)} uploads resumed, slowest restart ${totals.slowest} ms`
}

async function inRound(round: number, act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    throw new Error(`round ${round} of SEED=${seed}`, { cause: error })
  }
}

async function loadAndKill(lamina: Lamina, workers: readonly ChaosWorker[], choices: Dice): Promise<void> {
  let killed = false
  const isKilled = (): boolean => killed
  const loads = workers.map(async (worker) => {
    while (!isKilled()) {
      try {
        await worker.step(workers)
      } catch (error) {
        // The dying server's connections break; before the kill nothing may.
        if (!isKilled() || !isConnectionError(error)) throw error
      }
    }
  })
  const all = Promise.all(loads)
  // The load may fail before the kill; it is awaited below in any case.
  all.catch(() => undefined)
  await Promise.race([sleep(20 + choices.below(900)), all])
  killed = true
  await lamina.kill()
  await all
}

function isConnectionError(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['ECONNRESET', 'ECONNREFUSED', 'EPIPE'].includes(String(error.code))
  )
}

async function verify(
  client: RegistryClient,
  expected: Expectations,
  choices: Dice | undefined,
): Promise<number> {
  const keys = expected.keys()
  // The youngest keys are the endangered ones; older ones are sampled. What the kill left open is settled each time:
  // the next deletes rely on knowing which tag leads where.
  const chosen =
    choices === undefined || keys.length <= SAMPLE * 2
      ? keys
      : [
          ...expected.open(),
          ...keys.slice(-SAMPLE),
          ...Array.from({ length: SAMPLE }, () => choices.pick(keys)),
        ]
  for (const key of chosen) {
    const observed = await observe(client, key)
    const promised = expected.settle(key, observed)
    if (promised !== undefined) throw new Error(`${key} is ${observed || 'absent'}, promised was ${promised}`)
  }
  client.close()
  return chosen.length
}

async function observe(client: RegistryClient, key: string): Promise<string> {
  const [kind = '', repository = '', name = ''] = key.split(' ')
  const at = kind === 'blob' ? 'blobs' : 'manifests'
  const answer = await client.request('GET', `/v2/${repository}/${at}/${name}`, {
    headers: { accept: kind === 'blob' ? '*/*' : acceptedManifests },
  })
  if (answer.status === 404) return ABSENT
  if (answer.status !== 200) throw new Error(`GET of ${key} answered ${answer.status}`)
  const digest = digestOf(answer.body)
  if (kind === 'tag') return digest
  return digest === name ? 'present' : `other content (${digest})`
}
