import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { expect } from '../report.ts'
import { projectRoot } from '../servers/workspace.ts'

/** Whoever imports the dashboard chooses the Prometheus: none is named. */
const datasource = z.strictObject({ type: z.literal('prometheus'), uid: z.literal('${source}') })
const panel = z.object({
  title: z.string().min(1),
  type: z.enum(['timeseries', 'stat']),
  datasource,
  gridPos: z.strictObject({ h: z.number(), w: z.number(), x: z.number(), y: z.number() }),
  fieldConfig: z.object({ defaults: z.object({ unit: z.string().min(1) }) }),
  targets: z
    .array(z.object({ refId: z.string(), expr: z.string().min(1), datasource: datasource.optional() }))
    .min(1),
})
const dashboard = z.object({
  uid: z.string().min(1),
  schemaVersion: z.number(),
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.string() })) }),
  panels: z.array(panel).min(1),
})

/**
 * What deploy/grafana/lamina.json asks Prometheus, with Grafana's variables filled in. Throws when a panel lacks what Grafana
 * needs to draw it: a unit, a datasource by variable, queries of different names, a place of its own.
 */
export async function dashboardQueries(): Promise<string[]> {
  const file = path.join(projectRoot, 'deploy/grafana/lamina.json')
  const { panels, templating } = dashboard.parse(JSON.parse(await readFile(file, 'utf8')))
  const variables = templating.list.map(({ name }) => name)
  for (const { title, targets } of panels)
    expect(
      new Set(targets.map(({ refId }) => refId)).size === targets.length,
      `${title}: two queries of one name`,
    )
  const places = panels.map(({ gridPos: { x, y } }) => `${x},${y}`)
  expect(new Set(places).size === places.length, 'two panels in one place')
  const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
  const used = queries.flatMap((query) => [...query.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name))
  const unknown = used.filter((name) => !variables.includes(name) && !name.startsWith('__'))
  expect(unknown.length === 0, `no variable ${unknown.join(', ')}`)
  return queries.map((query) =>
    query.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '1h').replaceAll(/\$\w+/g, '.*'),
  )
}
