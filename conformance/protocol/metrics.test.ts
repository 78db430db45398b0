import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { check } from './support/exchange.ts'
import { ON_CLUSTER } from './support/form.ts'
import { blob, image } from './support/images.ts'
import { at } from './support/json.ts'
import { addUser } from './support/login.ts'
import { pushBlob, pushImage } from './support/push.ts'
import { dispose, type Server, startServer, useServer } from './support/server.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/lamina', import.meta.url))

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

/** Of all metrics, also of those that have no samples now: free space in a bucket, a certificate without HTTPS. */
function families(text: string): Set<string> {
  return new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name))
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
  const served = families((await lamina.now.admin.get('/metrics')).text)
  for (const file of ['deploy/prometheus/alerts.yaml', 'deploy/grafana/lamina.json'])
    expect(
      namesIn(file).filter((name) => !served.has(name)),
      file,
    ).toEqual([])
  expect(namesIn('docs/operations/metrics.md').toSorted()).toEqual([...served].toSorted())
})

test.skipIf(ON_CLUSTER)('the end of the certificate that clients are shown is that of its file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lamina-metrics-'))
  await promisify(execFile)(PROGRAM, ['tls', 'init', '--name', 'registry.example', '--out', folder])
  const cert = join(folder, 'server.crt')
  const server = await startServer({
    LAMINA_TLS_CERT: cert,
    LAMINA_TLS_KEY: join(folder, 'server.key'),
    LAMINA_METRICS_LISTEN: '127.0.0.1:0',
  })
  try {
    const samples = samplesOf(await (await fetch(`${sideOf(server)}/metrics`)).text())
    const end = new X509Certificate(await readFile(cert)).validToDate.getTime() / 1000
    expect(samples.get('lamina_tls_certificate_expires_timestamp_seconds')).toBe(end)
  } finally {
    await dispose(server)
    await rm(folder, { recursive: true })
  }
  expect([...(await scrape()).keys()].filter((name) => name.includes('certificate'))).toEqual([])
})

/** Where metrics-listen is. */
function sideOf({ log }: Server): string {
  const line: unknown = JSON.parse(log.find((one) => one.includes('"listening"')) ?? '{}')
  return `http://127.0.0.1:${Number(at(line, 'metricsPort'))}`
}

describe('who may read', () => {
  test('an administrator, and nobody else', async () => {
    expect((await lamina.now.client.get('/metrics')).status).toBe(401)
    const reader = await addUser(lamina.now.admin, 'metrics-reader')
    check(await reader.get('/metrics'), { status: 403, code: 'DENIED' })
  })

  test('the second address answers metrics and health to anyone, and nothing else', async () => {
    const url = sideOf(lamina.now)
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
