import { cp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { dice } from '../fixtures/random.ts'
import { Report } from '../report.ts'
import { finish } from '../servers/processes.ts'
import { nodeBinary, projectRoot, scratchFolder } from '../servers/workspace.ts'
import { type Mutant, pushMutants, storeMutants, upkeepMutants } from './mutants/catalogue.ts'

// Bugs are planted one after the other in copies of the project; the tests named for each must fail on it, and pass on
// the copy as it is. MUTANTS of them are chosen by SEED, all unless told; ONLY=text plants those alone whose rule or
// file holds the text.
const only = process.env['ONLY'] ?? ''
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const most = Number(process.env['MUTANTS'] ?? Number.POSITIVE_INFINITY)
const mutants = choose(
  [...storeMutants, ...pushMutants, ...upkeepMutants].filter(
    ({ rule, file }) => rule.includes(only) || file.includes(only),
  ),
)
const LANES = 2
const COPIED = [
  'src',
  'storage',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
  'scripts/test-order.ts',
] as const

const results = z.object({
  testResults: z.array(
    z.object({ assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })) }),
  ),
})

const report = new Report('mutants')
const scratch = await scratchFolder('mutants')
let caught = 0
try {
  const trees = await Promise.all(Array.from({ length: LANES }, (_, lane) => makeTree(`tree${lane}`)))
  const isSound = await report.scenario('mutants: the tests that should catch them pass without any', () =>
    runAll(trees[0] ?? ''),
  )
  // Tests that fail anyway catch nothing.
  const waiting = isSound ? [...mutants] : []
  await Promise.all(
    trees.map(async (tree) => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await plant(tree, next)
    }),
  )
} finally {
  await scratch.remove()
}
report.tally({ caught, mutants: mutants.length })
report.finish()

function choose(all: readonly Mutant[]): Mutant[] {
  const [choices, left, chosen] = [dice(seed), [...all], new Array<Mutant>()]
  while (left.length > 0 && chosen.length < most) chosen.push(...left.splice(choices.below(left.length), 1))
  return chosen
}

async function makeTree(name: string): Promise<string> {
  const tree = path.join(scratch.path, name)
  for (const part of COPIED)
    await cp(path.join(projectRoot, part), path.join(tree, part), { recursive: true })
  await symlink(path.join(projectRoot, 'node_modules'), path.join(tree, 'node_modules'))
  return tree
}

async function runAll(tree: string): Promise<string> {
  const tests = [...new Set(mutants.flatMap((mutant) => mutant.tests))]
  const outcome = await vitest(tree, tests)
  if (outcome.failed !== '') throw new Error(outcome.failed)
  return `${tests.length} files`
}

async function plant(tree: string, mutant: Mutant): Promise<void> {
  const file = path.join(tree, mutant.file)
  const whole = await readFile(file, 'utf8')
  await report.scenario(`mutant: ${mutant.rule}`, async () => {
    const places = whole.split(mutant.find).length - 1
    if (places !== 1) throw new Error(`what it replaces stands ${places} times in ${mutant.file}`)
    await writeFile(
      file,
      whole.replace(mutant.find, () => mutant.replace),
    )
    try {
      const { failed } = await vitest(tree, mutant.tests)
      if (failed === '') throw new Error(`nobody noticed: ${mutant.tests.join(', ')} passed`)
      caught += 1
      return failed
    } finally {
      await writeFile(file, whole)
    }
  })
}

/** The first test that failed; empty when all passed. A run that fails without a failed test proves nothing. */
async function vitest(tree: string, tests: readonly string[]): Promise<{ failed: string }> {
  const program = path.join(tree, 'node_modules/vitest/vitest.mjs')
  const output = path.join(tree, 'results.json')
  await rm(output, { force: true })
  const options = [
    '--project=unit',
    '--reporter=json',
    `--outputFile=${output}`,
    '--bail=1',
    '--maxWorkers=1',
  ]
  const args = [program, 'run', ...options, '--testTimeout=60000', ...tests]
  const { code, stderr } = await finish(nodeBinary, args, { cwd: tree, patience: 600_000 })
  if (code === 0) return { failed: '' }
  const { testResults } = results.parse(JSON.parse(await readFile(output, 'utf8')))
  const failed = testResults
    .flatMap((file) => file.assertionResults)
    .find(({ status }) => status === 'failed')
  if (failed === undefined)
    throw new Error(`vitest ended with ${code ?? 'a signal'} and no failed test: ${stderr.slice(-300)}`)
  return { failed: `caught by '${failed.fullName.slice(0, 90)}'` }
}
