import path from 'node:path'
import { Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { scratchFolder } from '../servers/workspace.ts'
import { Chaos, COLLECTING, COLLECTING_SETTINGS, NO_INDEXES } from './chaos.ts'

// SECONDS_OF_COLLECTING of mixed traffic on a server that collects garbage without pause, with a grace of two seconds: no
// request fails, nothing that is owed goes, and at the end exactly that remains on disk. SEED repeats the choices.
const seconds = Number(process.env['SECONDS_OF_COLLECTING'] ?? 120)
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
/** Between two comparisons of what is owed with what is there, in milliseconds. */
const STRETCH = 15_000

const report = new Report('collecting')
console.log(`  collecting: SEED=${seed} SECONDS_OF_COLLECTING=${seconds}`)
await report.scenario(`faults: ${seconds} s of mixed traffic while garbage is collected`, run)
report.finish()

async function run(): Promise<string> {
  const scratch = await scratchFolder('collect')
  const data = path.join(scratch.path, 'data')
  const env = { LAMINA_MAX_UPLOADS: '100000', ...COLLECTING_SETTINGS, ...NO_INDEXES }
  const lamina = await Lamina.start({ name: 'lamina-collecting', data, env })
  const chaos = new Chaos(lamina.url, seed, COLLECTING)
  try {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
      const stretch = Math.min(Date.now() + STRETCH, end)
      await chaos.work(
        () => Date.now() >= stretch,
        () => false,
      )
      await chaos.verify(undefined)
      for (const worker of chaos.workers) await worker.resume()
    }
    const { files } = await chaos.expectExactly(lamina, data, COLLECTING.expiry + 120_000)
    report.tally({ operations: chaos.operations })
    return `seed ${seed}, ${chaos.operations} operations, ${chaos.checked} promises checked, ${files} files left, 0 orphaned, ${chaos.late} pushes too late`
  } finally {
    chaos.close()
    await lamina.stop()
    await scratch.remove()
  }
}
