import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { expect } from '../report.ts'
import { freePort } from '../servers/free-port.ts'
import { Lamina } from '../servers/lamina.ts'
import { must, Server } from '../servers/processes.ts'
import { projectRoot } from '../servers/workspace.ts'
import { dashboardQueries } from './dashboard.ts'

const alerts = path.join(projectRoot, 'deploy/prometheus/alerts.yaml')
const queried = z.object({ status: z.literal('success'), data: z.object({ result: z.array(z.unknown()) }) })
const loaded = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        rules: z.array(z.object({ name: z.string(), health: z.string(), lastError: z.string().optional() })),
      }),
    ),
  }),
})

/** Debian's Prometheus reads /metrics of a registry, evaluates our alerts, and understands every query of the dashboard. */
export async function prometheusReads(folder: string): Promise<string> {
  await must('/usr/bin/promtool', ['check', 'rules', alerts])
  await configIsRight(folder)
  const [metrics, port] = [await freePort(), await freePort()]
  const env = { LAMINA_METRICS_LISTEN: `127.0.0.1:${metrics}` }
  const lamina = await Lamina.start({ name: 'scraped', data: path.join(folder, 'scraped'), env })
  try {
    return await scraped(folder, { metrics, port })
  } finally {
    await lamina.stop()
  }
}

/** The file that compose.cluster.yaml mounts, with the rules where they are here. */
async function configIsRight(folder: string): Promise<void> {
  const text = await readFile(path.join(projectRoot, 'deploy/prometheus/prometheus.yaml'), 'utf8')
  const file = path.join(folder, 'prometheus-cluster.yaml')
  await writeFile(file, text.replace('/etc/prometheus/alerts.yaml', alerts))
  await must('/usr/bin/promtool', ['check', 'config', file])
}

async function scraped(
  folder: string,
  { metrics, port }: { readonly metrics: number; readonly port: number },
): Promise<string> {
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [alerts],
    scrape_configs: [{ job_name: 'lamina', static_configs: [{ targets: [`127.0.0.1:${metrics}`] }] }],
  }
  const file = path.join(folder, 'prometheus.json')
  await writeFile(file, JSON.stringify(config))
  const prometheus = await Server.start('prometheus', '/usr/bin/prometheus', [
    `--config.file=${file}`,
    `--storage.tsdb.path=${path.join(folder, 'tsdb')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ])
  const ask = async (path: string): Promise<unknown> =>
    (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json()
  const query = async (text: string): Promise<readonly unknown[]> =>
    queried.parse(await ask(`query?${new URLSearchParams({ query: text }).toString()}`)).data.result
  try {
    await prometheus.until(
      async () => ((await query('lamina_build_info').catch(() => [])).length > 0 ? true : undefined),
      60_000,
    )
    const rules = await prometheus.until(async () => {
      const all = loaded.parse(await ask('rules')).data.groups.flatMap((group) => group.rules)
      return all.some(({ health }) => health === 'unknown') ? undefined : all
    }, 60_000)
    for (const { name, health, lastError } of rules)
      expect(health === 'ok', `${name}: ${lastError ?? health}`)
    const queries = await dashboardQueries()
    for (const text of queries) await query(text)
    return `${rules.length} alerts evaluated, ${queries.length} queries of the dashboard understood`
  } finally {
    await prometheus.stop()
  }
}
