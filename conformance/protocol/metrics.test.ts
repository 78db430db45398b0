import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { check } from './support/exchange.ts'
import { blob, image } from './support/images.ts'
import { at } from './support/json.ts'
import { addUser } from './support/login.ts'
import { pushBlob, pushImage } from './support/push.ts'
import { dispose, startServer, useServer } from './support/server.ts'

const lamina = useServer({ LAMINA_METRICS_LISTEN: '127.0.0.1:0' })
const IMAGE = image('metrics')

/** Samples by their names with labels, as in the text. */
async function scrape(): Promise<Map<string, number>> {
  const reply = await lamina.now.admin.get('/metrics')
  expect(reply.status).toBe(200)
  expect(reply.header('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  return samplesOf(reply.text)
}

// "a line … [metric name] [{labels}] value"; what starts with # is a comment.
function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ') || line.startsWith('# TYPE ')) continue
    const match = /^([a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*\})?) (-?[0-9.e+-]+)$/.exec(line)
    if (match === null) throw new Error(`no line of the format: ${line}`)
    const [, name = '', value] = match
    expect(samples.has(name), `${name} twice`).toBe(false)
    samples.set(name, Number(value))
  }
  return samples
}

function families(samples: ReadonlyMap<string, number>): Set<string> {
  return new Set(
    [...samples.keys()].map((name) => name.replace(/\{.*/, '').replace(/_(?:bucket|sum|count)$/, '')),
  )
}

/** Names of metrics in a text, without the endings of histograms. */
function namesIn(file: string): string[] {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
  const names = [...text.matchAll(/\b(?:lamina|process|nodejs)_[a-z_]+[a-z]\b/g)].map(([name]) => name)
  return [...new Set(names.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')))]
}

beforeAll(async () => {
  await pushImage(lamina.now.admin, 'metrics/app', IMAGE, 'v1')
})

describe('what is counted', () => {
  test('requests by endpoint, method and status, their bytes and their time', async () => {
    const before = await scrape()
    const reply = await lamina.now.admin.get('/v2/metrics/app/manifests/v1')
    await lamina.now.admin.head('/v2/metrics/app/manifests/v1')
    await lamina.now.admin.get('/v2/metrics/app/manifests/absent')
    const after = await scrape()
    const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
    const get = 'endpoint="pullManifest",method="GET"'
    expect(grown(`lamina_http_requests_total{${get},status="200"}`)).toBe(1)
    expect(grown(`lamina_http_requests_total{${get},status="404"}`)).toBe(1)
    expect(grown('lamina_http_requests_total{endpoint="pullManifest",method="HEAD",status="200"}')).toBe(1)
    expect(grown(`lamina_http_request_duration_seconds_count{${get}}`)).toBe(2)
    expect(grown(`lamina_http_response_bytes_total{${get}}`)).toBeGreaterThanOrEqual(reply.body.length)
    expect(after.get('lamina_http_requests_in_flight')).toBe(1)
  })

  test('bytes that came in, and those that a mount or a second upload saved', async () => {
    const before = await scrape()
    const layer = blob('metrics of a blob', 5000)
    await pushBlob(lamina.now.admin, 'metrics/app', layer)
    await lamina.now.admin.post(`/v2/metrics/other/blobs/uploads/?mount=${layer.digest}&from=metrics/app`)
    await pushBlob(lamina.now.admin, 'metrics/third', layer)
    const after = await scrape()
    const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
    expect(grown('lamina_blob_received_bytes_total')).toBe(10_000)
    expect(grown('lamina_mounts_total')).toBe(1)
    expect(grown('lamina_deduplicated_bytes_total{how="mount"}')).toBe(5000)
    expect(grown('lamina_deduplicated_bytes_total{how="store"}')).toBe(5000)
    expect(after.get('lamina_uploads_active')).toBe(0)
    expect(grown('lamina_store_duration_seconds_count{call="blob_complete"}')).toBeGreaterThan(0)
    expect(grown('lamina_store_duration_seconds_count{call="metadata_commit"}')).toBeGreaterThan(0)
  })
})

test('every metric that the alerts, the dashboard and the documentation name exists, and none is undocumented', async () => {
  const served = families(await scrape())
  for (const file of ['deploy/prometheus/alerts.yaml', 'deploy/grafana/lamina.json'])
    expect(
      namesIn(file).filter((name) => !served.has(name)),
      file,
    ).toEqual([])
  expect(namesIn('docs/operations/metrics.md').toSorted()).toEqual([...served].toSorted())
})

describe('who may read', () => {
  test('an administrator, and nobody else', async () => {
    expect((await lamina.now.client.get('/metrics')).status).toBe(401)
    const reader = await addUser(lamina.now.admin, 'metrics-reader')
    check(await reader.get('/metrics'), { status: 403, code: 'DENIED' })
  })

  test('the second address answers metrics and health to anyone, and nothing else', async () => {
    const line: unknown = JSON.parse(lamina.now.log.find((one) => one.includes('"listening"')) ?? '{}')
    const url = `http://127.0.0.1:${Number(at(line, 'metricsPort'))}`
    for (const path of ['/metrics', '/healthz', '/readyz'])
      expect((await fetch(`${url}${path}`)).status, path).toBe(200)
    for (const path of ['/v2/', '/', '/api/v1/projects'])
      expect((await fetch(`${url}${path}`)).status, path).toBe(404)
  })

  test('anyone, or nobody, where the setting says so', async () => {
    const [open, closed] = await Promise.all([
      startServer({ LAMINA_METRICS: 'anyone' }),
      startServer({ LAMINA_METRICS: 'off' }),
    ])
    try {
      expect((await open.client.get('/metrics')).status).toBe(200)
      expect((await closed.admin.get('/metrics')).status).toBe(404)
    } finally {
      await Promise.all([dispose(open), dispose(closed)])
    }
  })
})
