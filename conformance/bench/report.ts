import { arch, cpus, loadavg, release, totalmem, type } from 'node:os'
import { must } from '../servers/processes.ts'
import { nodeBinary } from '../servers/workspace.ts'
import { peerVersions } from './peers.ts'

/** One line of the result. */
export interface Row {
  readonly what: string
  readonly value: string
  /** What it was measured beside, in the same run. */
  readonly beside: string
  readonly target: string
  readonly met: boolean
}

/** What a page of results says around its table. */
export interface Words {
  readonly title: string
  readonly intro: string
  /** Versions of what was measured beside. */
  readonly programs: readonly string[]
}

/** The result as Markdown: a table, every sample's median, and the machine. */
export async function renderReport(date: string, mode: string, rows: readonly Row[]): Promise<string> {
  const intro = `\`npm run bench\`, ${mode}. Medians of interleaved rounds: each round measures Lamina and its peers one after the other. Load comes from other processes (wrk, curl) on the same machine. Lamina runs with authentication, tokens and its access log; docker-registry without any of them, to its advantage; nginx with one worker and sendfile.`
  return renderPage({ title: `Benchmark of ${date}`, intro, programs: [await peerVersions()] }, rows)
}

/** The same around any table. */
export async function renderPage({ title, intro, programs }: Words, rows: readonly Row[]): Promise<string> {
  const table = rows.map(
    ({ what, value, beside, target, met }) =>
      `| ${what} | ${value} | ${beside} | ${target} | ${target === '' ? '' : met ? 'yes' : '**no**'} |`,
  )
  return [
    `# ${title}`,
    '',
    intro,
    '',
    '| What | Lamina | Beside | Target | Met |',
    '| --- | --- | --- | --- | --- |',
    ...table,
    '',
    '## Machine',
    ...(await machine(programs)).map((line) => `- ${line}`),
    '',
  ].join('\n')
}

async function machine(programs: readonly string[]): Promise<string[]> {
  const [first] = cpus()
  return [
    `${cpus().length} × ${first?.model ?? 'unknown processor'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB of memory`,
    `${type()} ${release()} ${arch()}`,
    `Node ${(await must(nodeBinary, ['--version'])).slice(1)}`,
    ...programs,
    `load average at the end: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(', ')} (other work on the machine shows here)`,
  ]
}
