import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Report } from '../report.ts'
import type { Stores } from '../servers/cluster.ts'
import { finish } from '../servers/processes.ts'
import { nodeBinary, projectRoot, scratchFolder } from '../servers/workspace.ts'
import { NOT_HERE, type NotHere } from './not-here.ts'

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
        '--testTimeout=120000',
        '--hookTimeout=120000',
        ...(process.env['PROTOCOL_FILES']?.split(' ') ?? []),
      ],
      {
        env: { PROTOCOL_CLUSTER: JSON.stringify(stores.protocolForm()) },
        cwd: projectRoot,
        patience: 1_800_000,
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
      expected: NOT_HERE.find((entry) => entry.file === file && entry.cases.test(fullName)),
    }))
  })
  const passed = cases.filter((one) => one.passed).length
  const others = cases.filter((one) => !one.passed)
  for (const { name, failures, expected } of others)
    if (expected === undefined) report.fail(`cluster protocol: ${name}`, failures)
  for (const { name, message } of testResults.filter((file) => file.assertionResults.length === 0))
    report.fail(`cluster protocol: ${path.basename(name)}`, message ?? 'no test ran')
  const needed = new Set(others.map(({ expected }) => expected))
  for (const entry of ranEntries(testResults))
    if (!needed.has(entry))
      report.fail(`cluster protocol: ${entry.file} ${entry.cases.source}`, 'all of it passes: take it out')
  for (const { name, expected } of others)
    if (expected !== undefined) console.log(`not here cluster protocol: ${name} (${expected.why})`)
  const unexpected = others.filter(({ expected }) => expected === undefined).length
  if (passed > 0 && unexpected === 0)
    report.ok(
      'cluster protocol: the black-box suite',
      `${passed} cases, ${others.length} not here, each with its reason`,
      passed,
    )
  else report.fail('cluster protocol: the black-box suite', `${passed} of ${cases.length} cases passed`)
}

/** Those about files that were run. */
function ranEntries(testResults: z.infer<typeof results>['testResults']): readonly NotHere[] {
  const files = testResults.map(({ name }) => path.basename(name, '.test.ts'))
  return NOT_HERE.filter(({ file }) => files.includes(file))
}
