import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Report } from '../report.ts'
import type { Stores } from '../servers/cluster.ts'
import { finish } from '../servers/processes.ts'
import { nodeBinary, projectRoot, scratchFolder } from '../servers/workspace.ts'
import { NOT_HERE, type NotHere, notHere } from './not-here.ts'

const WHOLE_FILES = NOT_HERE.filter(({ cases }) => cases === undefined)

const results = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string().optional(),
      status: z.string(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).optional(),
        }),
      ),
    }),
  ),
})

/** The whole black-box suite against replicas behind a balancer, each test file on a new registry. */
export async function protocolSuite(stores: Stores, report: Report): Promise<void> {
  const scratch = await scratchFolder('protocol')
  const output = path.join(scratch.path, 'results.json')
  try {
    const { stderr, stdout } = await finish(
      nodeBinary,
      [
        'node_modules/vitest/vitest.mjs',
        'run',
        '--project',
        'protocol',
        '--reporter=json',
        `--outputFile=${output}`,
        ...WHOLE_FILES.map(({ file }) => `--exclude=**/${file}.test.ts`),
        ...(process.env['PROTOCOL_FILES']?.split(' ') ?? []),
      ],
      {
        env: { PROTOCOL_CLUSTER: JSON.stringify(stores.protocolForm()) },
        cwd: projectRoot,
        patience: 7_200_000,
      },
    )
    const text = await readFile(output, 'utf8').catch((cause: unknown) => {
      throw new Error(`no results: ${stderr.slice(-500)}${stdout.slice(-500)}`, { cause })
    })
    judge(results.parse(JSON.parse(text)), report)
  } finally {
    await scratch.remove()
  }
}

function judge({ testResults }: z.infer<typeof results>, report: Report): void {
  const cases = testResults.flatMap(({ name, assertionResults }) => {
    const file = path.basename(name, '.test.ts')
    return assertionResults.map(({ fullName, status, failureMessages = [] }) => ({
      name: `${file}: ${fullName}`,
      passed: status === 'passed',
      failures: status === 'failed' ? failureMessages.join(' ').slice(0, 600) : 'left out without a reason',
      expected: notHere(file, fullName),
    }))
  })
  const passed = cases.filter((one) => one.passed).length
  const failed = cases.filter((one) => !one.passed && one.expected === undefined)
  for (const { name, failures } of failed) report.fail(`cluster protocol: ${name}`, failures)
  for (const { name, message = '', assertionResults } of testResults)
    if (message !== '' || assertionResults.length === 0)
      report.fail(`cluster protocol: ${path.basename(name)}`, message.slice(0, 600) || 'no test ran')
  const spokenOf = new Set(cases.map(({ expected }) => expected))
  for (const entry of entriesOf(testResults))
    if (!spokenOf.has(entry)) report.fail(`cluster protocol: ${entry.file} ${entry.cases}`, 'no such case')
  for (const { name, expected } of cases)
    if (expected !== undefined) console.log(`not here cluster protocol: ${name} (${expected.why})`)
  for (const { file, why } of WHOLE_FILES) console.log(`not here cluster protocol: ${file} (${why})`)
  const left = cases.filter(({ expected }) => expected !== undefined).length
  const what = `${passed} of ${cases.length} cases, ${left} and ${WHOLE_FILES.length} whole files not here, each with its reason`
  if (passed > 0 && failed.length === 0) report.ok('cluster protocol: the black-box suite', what, passed)
  else report.fail('cluster protocol: the black-box suite', what)
}

/** Those about cases of files that were run. */
function entriesOf(testResults: z.infer<typeof results>['testResults']): readonly NotHere[] {
  const files = testResults.map(({ name }) => path.basename(name, '.test.ts'))
  return NOT_HERE.filter(({ file, cases }) => cases !== undefined && files.includes(file))
}
