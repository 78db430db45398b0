import { createServer, type Server as HttpServer } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { listen } from '../servers/loopback.ts'
import { image } from './support/images.ts'
import { pushImage } from './support/push.ts'
import { dispose, type Server, startServer } from './support/server.ts'

/** What a collector is sent: OTLP by HTTP, as JSON. */
const exported = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: z.array(z.unknown()) }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              name: z.string(),
              attributes: z.array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) })),
            }),
          ),
        }),
      ),
    }),
  ),
})
type Span = z.infer<typeof exported>['resourceSpans'][number]['scopeSpans'][number]['spans'][number]

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const spans: Span[] = []
let collector: HttpServer
let endpoint = ''

beforeAll(async () => {
  collector = createServer((request, response) => {
    const take = async (): Promise<void> => {
      const chunks: Buffer[] = []
      for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
      const { resourceSpans } = exported.parse(JSON.parse(Buffer.concat(chunks).toString()))
      spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)))
      response.setHeader('content-type', 'application/json').end('{}')
    }
    void take()
  })
  endpoint = `http://127.0.0.1:${await listen(collector)}`
})
afterAll(() => {
  collector.close()
})

/** Pushes and pulls with a trace of the client's own, then stops the server, which sends what it has. */
async function traffic(settings: Readonly<Record<string, string>>): Promise<void> {
  const server: Server = await startServer(settings)
  try {
    await pushImage(server.admin, 'traced/app', image('traced'), 'v1')
    await server.admin.get('/v2/traced/app/manifests/v1?account=secret', {
      traceparent: `00-${TRACE}-${PARENT}-01`,
    })
    await server.admin.get('/v2/traced/app/manifests/v1', { traceparent: `00-${TRACE}-${PARENT}-00` })
  } finally {
    await dispose(server)
  }
}

test('requests are spans below the trace of their client, and calls to the stores below them', async () => {
  await traffic({ LAMINA_TRACES_ENDPOINT: endpoint })
  const pulls = spans.filter(({ traceId, parentSpanId }) => traceId === TRACE && parentSpanId === PARENT)
  expect(pulls.map(({ name }) => name)).toEqual(['GET /v2/{name}/manifests/{reference}'])
  const [pull] = pulls
  const values = new Map(pull?.attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
  expect(values.get('http.response.status_code')).toBe(200)
  expect(values.get('url.path')).toBe('/v2/traced/app/manifests/v1')
  expect(JSON.stringify(spans)).not.toContain('secret')
  const below = spans.filter(({ parentSpanId }) => parentSpanId === pull?.spanId)
  expect(below.map(({ name }) => name)).toContain('metadata read')
  const put = spans.find(({ name }) => name === 'PUT /v2/{name}/manifests/{reference}')
  const commits = spans.filter(
    ({ name, parentSpanId }) => name === 'metadata commit' && parentSpanId === put?.spanId,
  )
  expect(commits.length).toBeGreaterThan(0)
  expect(new Set(spans.map(({ name }) => name))).toContain('blob complete')
})
