import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fewAtOnce } from '../few-at-once.ts'
import { type Dice, dice } from '../fixtures/random.ts'
import { expect, Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { scratchFolder } from '../servers/workspace.ts'
import { Chaos, COLLECTING, COLLECTING_SETTINGS, NO_INDEXES } from './chaos.ts'

// ROUNDS times: concurrent pushes, pulls, mounts, tag moves and deletes; kill -9 at a random moment; restart; everything
// that was acknowledged must be as acknowledged, byte for byte. In three of four rounds the server collects garbage
// without pause, and at their end exactly what is owed remains on disk; in one of these three it also indexes layers. In the others, blobs that no manifest refers
// to are owed, too. SEED repeats the choices (not the scheduling).
const rounds = Number(process.env['ROUNDS'] ?? 60)
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
/** How long the last garbage may take to go: an upload's life, a few graces, and patience. */
const PATIENCE = COLLECTING.expiry + 120_000
/** For a round's operations, in milliseconds. */
const MOST_WAIT = 60_000

/** A server that has lived through so many ends exactly as a model says, and another begins with an empty directory. */
const ROUNDS_OF_A_LIFE = 100
/** Each waits for its disk, its clients and its clock. */
const SERVERS_AT_ONCE = 2
/** Between the seeds of two lives: workers take the numbers after their life's own. */
const LIFE_APART = 1000
const UPLOADS = { LAMINA_MAX_UPLOADS: '100000' }

/** So many rounds on servers of one kind. */
interface Rounds {
  readonly name: string
  readonly count: number
  readonly env: Record<string, string>
  /** Of servers that collect. */
  readonly times?: typeof COLLECTING
  /** Whether they list the files of layers. */
  readonly makesIndexes?: boolean
}

const report = new Report('kill-rounds')
const keeping = Math.ceil(rounds / 4)
const indexing = Math.floor(rounds / 4)
const collecting = rounds - keeping - indexing
console.log(`  kill rounds: SEED=${seed} ROUNDS=${rounds}`)
await Promise.all([
  report.scenario(`faults: ${keeping} rounds of kill -9 keep every promise`, () =>
    run({ name: 'keeping', count: keeping, env: UPLOADS }),
  ),
  collecting > 0 &&
    report.scenario(`faults: ${collecting} rounds of kill -9 while garbage is collected`, () =>
      run({
        name: 'collecting',
        count: collecting,
        env: { ...UPLOADS, ...COLLECTING_SETTINGS, ...NO_INDEXES },
        times: COLLECTING,
      }),
    ),
  indexing > 0 &&
    report.scenario(
      `faults: ${indexing} rounds of kill -9 while garbage is collected and layers are indexed`,
      () =>
        run({
          name: 'indexing',
          count: indexing,
          env: { ...UPLOADS, ...COLLECTING_SETTINGS },
          times: COLLECTING,
          makesIndexes: true,
        }),
    ),
])
report.finish()

/** What all lives of one kind have seen. */
interface Seen {
  operations: number
  checked: number
  resumed: number
  late: number
  left: number
  made: number
  slowest: number
}

async function run(rounds: Rounds): Promise<string> {
  const seen: Seen = { operations: 0, checked: 0, resumed: 0, late: 0, left: 0, made: 0, slowest: 0 }
  const lives = Array.from({ length: Math.ceil(rounds.count / ROUNDS_OF_A_LIFE) }, (_, index) => index)
  await fewAtOnce(SERVERS_AT_ONCE, lives, (life) => live(rounds, life, seen))
  expect(seen.operations > rounds.count, `only ${seen.operations} operations in ${rounds.count} rounds`)
  expect(rounds.makesIndexes !== true || seen.made > 0, 'no list of files was made')
  report.tally({ 'kill rounds': rounds.count, operations: seen.operations })
  const made = rounds.makesIndexes === true ? `, ${seen.made} of them lists of files` : ''
  const left =
    rounds.times === undefined
      ? ''
      : `, ${seen.left} files left${made}, 0 orphaned, ${seen.late} pushes too late`
  return `seed ${seed}, ${lives.length} servers, ${seen.operations} operations, ${seen.checked} promises checked, ${seen.resumed} uploads resumed, slowest restart ${seen.slowest} ms${left}`
}

async function live(
  { name, count, env, times, makesIndexes = false }: Rounds,
  life: number,
  seen: Seen,
): Promise<void> {
  const last = Math.min(ROUNDS_OF_A_LIFE, count - life * ROUNDS_OF_A_LIFE)
  const scratch = await scratchFolder(`kill-${name}-${life}`)
  const data = path.join(scratch.path, 'data')
  const lamina = await Lamina.start({ name: `lamina-kill-${name}-${life}`, data, env })
  const choices = dice(seed + life * LIFE_APART)
  const chaos = new Chaos(lamina.url, seed + life * LIFE_APART, times)
  try {
    for (let round = 1; round <= last; round++) {
      await inRound(`${round} of server ${life}`, async () => {
        await workAndKill(lamina, chaos, choices)
        const begun = Date.now()
        await lamina.restart()
        seen.slowest = Math.max(seen.slowest, Date.now() - begun)
        await chaos.verify(round % 10 === 0 || round === last ? undefined : choices)
        for (const worker of chaos.workers) await worker.resume()
      })
    }
    if (times !== undefined) {
      const { files, made } = await chaos.expectExactly(
        lamina,
        data,
        PATIENCE,
        makesIndexes ? last : undefined,
      )
      seen.left += files
      seen.made += made
    }
  } finally {
    chaos.close()
    await lamina.stop()
    await scratch.remove()
  }
  seen.operations += chaos.operations
  seen.checked += chaos.checked
  seen.resumed += chaos.resumed
  seen.late += chaos.late
  console.log(`  ${name}, server ${life}: ${last} rounds, ${chaos.operations} operations`)
}

async function inRound(round: string, act: () => Promise<void>): Promise<void> {
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
