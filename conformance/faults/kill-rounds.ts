import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Dice, dice } from '../fixtures/random.ts'
import { expect, Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { scratchFolder } from '../servers/workspace.ts'
import { Chaos, COLLECTING, COLLECTING_SETTINGS } from './chaos.ts'

// ROUNDS times: concurrent pushes, pulls, mounts, tag moves and deletes; kill -9 at a random moment; restart; everything
// that was acknowledged must be as acknowledged, byte for byte. In three of four rounds the server collects garbage
// without pause, and at their end exactly what is owed remains on disk. In the others, blobs that no manifest refers
// to are owed, too. SEED repeats the choices (not the scheduling).
const rounds = Number(process.env['ROUNDS'] ?? 60)
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
/** How long the last garbage may take to go: an upload's life, a few graces, and patience. */
const PATIENCE = COLLECTING.expiry + 120_000
/** For a round's operations, in milliseconds. */
const MOST_WAIT = 60_000

const report = new Report('kill-rounds')
const keeping = Math.ceil(rounds / 4)
const collecting = rounds - keeping
console.log(`  kill rounds: SEED=${seed} ROUNDS=${rounds}`)
await report.scenario(`faults: ${keeping} rounds of kill -9 keep every promise`, () =>
  run(keeping, { LAMINA_MAX_UPLOADS: '100000' }),
)
if (collecting > 0)
  await report.scenario(`faults: ${collecting} rounds of kill -9 while garbage is collected`, () =>
    run(collecting, { LAMINA_MAX_UPLOADS: '100000', ...COLLECTING_SETTINGS }, COLLECTING),
  )
report.finish()

async function run(count: number, env: Record<string, string>, times?: typeof COLLECTING): Promise<string> {
  const scratch = await scratchFolder('kill')
  const data = path.join(scratch.path, 'data')
  const lamina = await Lamina.start({ name: 'lamina-kill', data, env })
  const choices = dice(seed)
  const chaos = new Chaos(lamina.url, seed, times)
  let slowest = 0
  let left = ''
  try {
    for (let round = 1; round <= count; round++) {
      await inRound(round, async () => {
        await workAndKill(lamina, chaos, choices)
        const begun = Date.now()
        await lamina.restart()
        slowest = Math.max(slowest, Date.now() - begun)
        await chaos.verify(round % 10 === 0 || round === count ? undefined : choices)
        for (const worker of chaos.workers) await worker.resume()
      })
    }
    if (times !== undefined)
      left = `, ${await chaos.expectExactly(lamina, data, PATIENCE)} files left, 0 orphaned, ${chaos.late} pushes too late`
  } finally {
    chaos.close()
    await lamina.stop()
    await scratch.remove()
  }
  expect(chaos.operations > count, `only ${chaos.operations} operations in ${count} rounds`)
  report.tally({ 'kill rounds': count, operations: chaos.operations })
  return `seed ${seed}, ${chaos.operations} operations, ${chaos.checked} promises checked, ${chaos.resumed} uploads resumed, slowest restart ${slowest} ms${left}`
}

async function inRound(round: number, act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    throw new Error(`round ${round} of SEED=${seed}`, { cause: error })
  }
}

async function workAndKill(lamina: Lamina, chaos: Chaos, choices: Dice): Promise<void> {
  let killed = false
  const isKilled = (): boolean => killed
  const work = chaos.work(isKilled, isKilled)
  // It may fail before the kill; it is awaited below in any case.
  work.catch(() => undefined)
  await Promise.race([someWork(chaos, choices), work])
  killed = true
  await lamina.kill()
  await work
}

/** A random time that also holds some finished operations, however busy the machine is. */
async function someWork(chaos: Chaos, choices: Dice): Promise<void> {
  const [begun, wanted] = [chaos.operations, choices.below(15)]
  await sleep(20 + choices.below(900))
  const end = Date.now() + MOST_WAIT
  while (chaos.operations - begun < wanted && Date.now() < end) await sleep(20)
}
