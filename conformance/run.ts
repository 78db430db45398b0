import { mkdir, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { type Outcome, type Part, runPart } from './part.ts'
import { must } from './servers/processes.ts'
import { projectRoot, workFolder } from './servers/workspace.ts'

// `npm run test:system [-- PART…]`: every part, or those named, two side by side; `npm run test:full [-- PART…]` at its
// full size, with a summary for the record.

const full = process.argv.includes('--full')
const file = (name: string): string => path.join(projectRoot, 'conformance', name)
const part = (name: string, source: string, env: Record<string, string> = {}): Part => ({
  name,
  file: file(source),
  env,
})

/** The size of a part in the environment: as somebody set it there, else small, or large in a full run. */
const sized = (name: string, small: number, large: number): Record<string, string> => ({
  [name]: process.env[name] ?? String(full ? large : small),
})

const CLUSTER_PARTS =
  'official cable migrate replicas inspect upkeep replica-faults clocks s3-faults postgres-faults postgres-tls asynchronous'

// Two cores: each lane runs one part after the other. Both take about as long.
const lanes: readonly Part[][] = [
  [
    part('official', 'official/run.ts'),
    part('cluster', 'cluster/run.ts', {
      // The black-box suite and the clients on a cluster are long: `npm run test:cluster` has them, and a full run.
      ...(full ? {} : { CLUSTER_PARTS }),
      ...sized('FAULT_ROUNDS', 1, 10),
      ...sized('REPLICA_KILLS', 4, 200),
      ...sized('CABLE_ROUNDS', 1, 5),
      ...sized('BIG_MIB', 96, 5120),
      ...sized('TAGS', 400, 1000),
      ...sized('MIGRATE_IMAGES', 25, 500),
    }),
    part('s3', 's3/run.ts'),
    part('unpackers', 'unpackers/run.ts'),
    part('deploy', 'deploy/run.ts'),
  ],
  [
    part('clients', 'clients/run.ts'),
    part('page', 'page/run.ts'),
    part('docs', 'docs/run.ts'),
    part('faults', 'faults/run.ts', {
      ...sized('ROUNDS', 60, 2000),
      ...sized('SECONDS_OF_COLLECTING', 60, 3600),
      ...sized('SECONDS_OF_SOAK', 60, 1800),
      ...sized('CRASH_STATES', 4, 200),
      ...sized('MUTANTS', 12, 1000),
    }),
  ],
]

/** Seconds that all parts together may take, unless they run at full size. */
const LIMIT = 3300
const begun = new Date()
const asked = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const unknown = asked.filter((name) => !lanes.flat().some((one) => one.name === name))
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}; there are ${names(lanes.flat()).join(', ')}.`)
  process.exit(2)
}
const chosen = lanes.map((lane) => lane.filter(({ name }) => asked.length === 0 || asked.includes(name)))
const outcomes = (await Promise.all(chosen.map(runLane))).flat()
const sum = (count: (outcome: Outcome) => number): number =>
  outcomes.reduce((total, one) => total + count(one), 0)
const closing = `= system: ${sum((one) => one.passed)} passed, ${sum((one) => one.failed)} failed, ${sum((one) => one.checks)} checks`
console.log('')
for (const { name, passed, failed, checks, seconds } of outcomes) {
  console.log(
    `  ${name}: ${passed} passed, ${failed} failed, ${checks} checks inside, ${seconds.toFixed(0)} s`,
  )
}
for (const line of outcomes.flatMap(({ lines }) => lines))
  if (line.startsWith('FAIL')) console.log(`  ${line}`)
console.log(closing)
await writeFile(path.join(await workFolder('reports'), 'system.txt'), `${closing}\n`)
if (full) await writeSummary()
if (sum((one) => one.failed) > 0) process.exitCode = 1

function names(parts: readonly Part[]): string[] {
  return parts.map(({ name }) => name)
}

/** What hangs is ended with its name, and the parts behind it still get a minute each to say that they could not run. */
async function runLane(parts: readonly Part[]): Promise<Outcome[]> {
  const done: Outcome[] = []
  for (const one of parts) {
    const left = LIMIT - (Date.now() - begun.getTime()) / 1000
    done.push(await runPart(full ? one : { ...one, limit: Math.max(60, Math.round(left)) }))
  }
  return done
}

async function writeSummary(): Promise<void> {
  const day = begun.toISOString().slice(0, 10)
  const folder = path.join(projectRoot, 'docs/test-reports')
  await mkdir(folder, { recursive: true })
  const rows = outcomes.map(
    ({ name, passed, failed, checks, seconds }) =>
      `| ${name} | ${passed} | ${failed} | ${checks} | ${seconds.toFixed(0)} |`,
  )
  const commit = await must('git', ['-C', projectRoot, 'describe', '--always', '--dirty'])
  const sizes = chosen.flat().flatMap(({ env }) => Object.entries(env).map((size) => size.join('=')))
  const text = [
    `# System tests at full size, ${day}`,
    '',
    ...(asked.length === 0 ? [] : [`Only these parts: ${asked.join(', ')}.`, '']),
    `Commit ${commit.trim()}${sizes.length === 0 ? '' : `, sizes ${sizes.join(', ')}`}.`,
    '',
    `Node ${process.version}, ${os.type()} ${os.release()}, ${os.availableParallelism()} processors.`,
    '',
    '| part | passed | failed | checks inside | seconds |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
    ...outcomes.flatMap(({ lines }) =>
      lines.filter((line) => /^(ok|FAIL) /.test(line)).map((line) => `- ${line}`),
    ),
    '',
  ].join('\n')
  await writeFile(path.join(folder, `${[day, ...asked].join('-')}.md`), text)
}
