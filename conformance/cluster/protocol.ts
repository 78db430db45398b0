import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Report } from '../report.ts'
import type { Stores } from '../servers/cluster.ts'
import { finish } from '../servers/processes.ts'
import { nodeBinary, projectRoot, scratchFolder } from '../servers/workspace.ts'

/** Cases of the black-box suite that cannot run on a cluster, and why. The run fails when others are left out. */
const NOT_HERE: Readonly<Record<string, string>> = {
  'bounds.test.ts: that stops says so on /readyz first, goes on serving, and lets a running push end':
    'behind the balancer another replica answers; rolling restarts are tried by themselves',
  'migrate.test.ts: is refused for settings that are wrong, and for stores that are in use':
    'a registry moves from one machine to a cluster, not from a cluster',
  'migrate.test.ts: loses nothing that was answered, while clients push and pull':
    'a registry moves from one machine to a cluster, not from a cluster',
}

const results = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string().optional(),
      status: z.string(),
      assertionResults: z.array(
        z.object({ title: z.string(), status: z.string(), failureMessages: z.array(z.string()).optional() }),
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
  const cases = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((one) => ({ ...one, name: `${path.basename(name)}: ${one.title}` })),
  )
  const passed = cases.filter(({ status }) => status === 'passed').length
  const left = cases
    .filter(({ status }) => status !== 'passed' && status !== 'failed')
    .map(({ name }) => name)
  for (const { name, failureMessages } of cases.filter(({ status }) => status === 'failed'))
    report.fail(`cluster protocol: ${name}`, (failureMessages ?? []).join(' ').slice(0, 600))
  for (const { name, message } of testResults.filter((file) => file.assertionResults.length === 0))
    report.fail(`cluster protocol: ${path.basename(name)}`, message ?? 'no test ran')
  const unknown = left.filter((name) => NOT_HERE[name] === undefined)
  if (unknown.length > 0) report.fail('cluster protocol: cases left out without a reason', unknown.join('; '))
  for (const name of left) console.log(`not run cluster protocol: ${name} (${NOT_HERE[name] ?? 'no reason'})`)
  if (passed > 0 && passed + left.length === cases.length)
    report.ok(
      'cluster protocol: the black-box suite',
      `${passed} cases, ${left.length} left out by name`,
      passed,
    )
  else report.fail('cluster protocol: the black-box suite', `${passed} of ${cases.length} cases passed`)
}
