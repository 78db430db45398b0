import path from 'node:path'
import { z } from 'zod'
import { type Outcome, runPart } from '../part.ts'
import { projectRoot } from '../servers/workspace.ts'

// `npm run test:faults [-- PART…]`: what a registry must live through, one program after the other, all with one SEED,
// which is printed and repeats their choices. ROUNDS, SECONDS_OF_COLLECTING, SECONDS_OF_SOAK, CRASH_STATES and MUTANTS set the length.
const PARTS = [
  'kill-rounds',
  'collecting',
  'full-disk',
  'broken-disk',
  'upkeep',
  'upkeep-by-itself',
  'clock-jump',
  'power-loss',
  'soak',
  'crowd',
  'mutants',
] as const
const seed = process.env['SEED'] ?? String(Date.now() % 1_000_000)
const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !PARTS.some((part) => part === name))
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}; there are ${PARTS.join(', ')}.`)
  process.exit(2)
}

console.log(`  faults: SEED=${seed}`)
const outcomes: Outcome[] = []
for (const name of PARTS) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const file = path.join(projectRoot, 'conformance/faults', `${name}.ts`)
  outcomes.push(await runPart({ name, file, env: { SEED: seed } }))
}
const tally = sumOf(outcomes)
const count = (what: string): number => tally.get(what) ?? 0
const failed = sum((one) => one.failed)
const verdict = failed === 0 ? '0 lost, 0 orphaned' : `${failed} FAILED, see above`
console.log(
  `  SEED=${seed}: ${count('kill rounds')} kill rounds, ${count('crash states')} crash states, ${count('operations')} operations, ${verdict}, mutants caught ${count('caught')}/${count('mutants')}`,
)
console.log(
  `= faults: ${sum((one) => one.passed)} passed, ${failed} failed, ${sum((one) => one.checks)} checks`,
)
if (failed > 0) process.exitCode = 1

function sum(of: (outcome: Outcome) => number): number {
  return outcomes.reduce((total, one) => total + of(one), 0)
}

/** What the parts have counted, in lines of their own. */
function sumOf(ended: readonly Outcome[]): Map<string, number> {
  const total = new Map<string, number>()
  for (const line of ended.flatMap(({ lines }) => lines)) {
    const counts = /^ {2}tally (.+)$/.exec(line)?.[1]
    if (counts === undefined) continue
    for (const [what, more] of Object.entries(z.record(z.string(), z.number()).parse(JSON.parse(counts))))
      total.set(what, (total.get(what) ?? 0) + more)
  }
  return total
}
