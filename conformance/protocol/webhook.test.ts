import { createHmac } from 'node:crypto'
import { createServer, type Server as HttpServer } from 'node:http'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { listen } from '../servers/loopback.ts'
import { check } from './support/exchange.ts'
import { image } from './support/images.ts'
import { pushImage } from './support/push.ts'
import { dispose, type Server, startServer } from './support/server.ts'

/** As distribution's notifications: `events` with target and actor. */
const envelope = z.object({
  events: z.array(
    z.object({
      id: z.string(),
      timestamp: z.iso.datetime(),
      action: z.enum(['push', 'delete']),
      target: z.object({
        mediaType: z.string().optional(),
        size: z.number().optional(),
        digest: z.string(),
        repository: z.string(),
        tag: z.string(),
      }),
      actor: z.object({ name: z.string() }),
    }),
  ),
})

const NAME = 'hooked/app'
const SECRET = 'a secret of more than 32 characters'
const [ONE, TWO] = [image('hooked/one'), image('hooked/two')]

interface Told {
  readonly type: string | undefined
  readonly signature: string | string[] | undefined
  readonly body: string
}

let told: Told[]
let answer: number
let hook: HttpServer
let url: string
let server: Server | undefined

beforeEach(async () => {
  told = []
  answer = 204
  hook = createServer((request, response) => {
    const take = async (): Promise<void> => {
      const chunks: Buffer[] = []
      for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
      if (answer < 300)
        told.push({
          type: request.headers['content-type'],
          signature: request.headers['x-lamina-signature-256'],
          body: Buffer.concat(chunks).toString(),
        })
      response.writeHead(answer).end()
    }
    void take()
  })
  url = `http://127.0.0.1:${await listen(hook)}/registry`
})

afterEach(async () => {
  if (server !== undefined) await dispose(server)
  server = undefined
  hook.close()
})

const events = () => told.flatMap(({ body }) => envelope.parse(JSON.parse(body)).events)
const brief = () => events().map(({ action, target }) => [action, target.tag, target.digest])
const untilTold = (count: number) =>
  vi.waitFor(() => expect(events().length).toBeGreaterThanOrEqual(count), { timeout: 60_000, interval: 50 })

test('the webhook is told of each tag that is pushed, moved or deleted, in that order', async () => {
  server = await startServer({ LAMINA_WEBHOOK: url, LAMINA_WEBHOOK_SECRET: SECRET })
  const { admin } = server
  await pushImage(admin, NAME, ONE, 'v1')
  await pushImage(admin, NAME, ONE, 'v1')
  await pushImage(admin, NAME, TWO, 'v1')
  check(await admin.delete(`/v2/${NAME}/manifests/v1`), { status: 202 })
  await untilTold(3)
  expect(brief()).toEqual([
    ['push', 'v1', ONE.digest],
    ['push', 'v1', TWO.digest],
    ['delete', 'v1', TWO.digest],
  ])
  expect(events()[0]).toMatchObject({
    target: { mediaType: ONE.mediaType, size: ONE.size, repository: NAME },
    actor: { name: 'user:admin' },
  })
  for (const { type, signature, body } of told) {
    expect(type).toBe('application/vnd.docker.distribution.events.v1+json')
    expect(signature).toBe(`sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`)
  }
})

test('what the webhook did not take waits for it, also when the registry is killed', async () => {
  answer = 503
  server = await startServer({ LAMINA_WEBHOOK: url })
  await pushImage(server.admin, NAME, ONE, 'v1')
  await server.kill()
  answer = 200
  server = await server.again()
  await untilTold(1)
  expect(brief()).toEqual([['push', 'v1', ONE.digest]])
  expect(told[0]?.signature).toBeUndefined()
})

test('a deleted manifest ends its tags', async () => {
  server = await startServer({ LAMINA_WEBHOOK: url })
  await pushImage(server.admin, NAME, ONE, 'v1')
  await pushImage(server.admin, NAME, ONE, 'v2')
  check(await server.admin.delete(`/v2/${NAME}/manifests/${ONE.digest}`), { status: 202 })
  await untilTold(4)
  const ended = brief().slice(2)
  expect(ended).toHaveLength(2)
  for (const tag of ['v1', 'v2']) expect(ended).toContainEqual(['delete', tag, ONE.digest])
})
