import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemoryBlobStore } from '../../storage/blobs/memory/memory-blob-store.ts'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { JobParts } from '../maintenance/job.ts'
import { type EventRecord, eventCodec } from '../records/event.ts'
import { digestField, nameField } from '../records/fields.ts'
import { keys } from '../records/keys.ts'
import { type Webhook, webhookJob } from './tell-webhook.ts'

const HOUR = 3_600_000
const NOW = Date.UTC(2026, 10, 27)
const event: EventRecord = {
  id: '00',
  action: 'push',
  name: nameField.parse('team/app'),
  repo: '00000000000000aa',
  tag: 'v1',
  digest: digestField.parse(`sha256:${'a'.repeat(64)}`),
  at: NOW,
  by: 'user:alice',
}

let metadata: MetadataStore
let hook: Server
let url: string
let bodies: string[]
let answers: number[]

beforeEach(async () => {
  metadata = await openMemoryMetadataStore()
  bodies = []
  answers = []
  hook = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()))
    request.on('end', () => response.writeHead(answers.shift() ?? 200, { location: '/elsewhere' }).end())
  })
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
  const address = hook.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/hook?token=x`
})
afterEach(() => {
  hook.close()
})

const note = (at: number) =>
  metadata.commit({
    checks: [],
    sets: [{ key: keys.event(at, 1n, Buffer.from(`${at}`)), value: eventCodec.encode({ ...event, at }) }],
    deletes: [],
  })
const left = async () => (await metadata.range({ prefix: keys.events(), limit: 100 })).length

const body = z.object({
  events: z.array(z.object({ timestamp: z.string(), target: z.object({ url: z.string() }) })),
})
const told = () => bodies.flatMap((text) => body.parse(JSON.parse(text)).events)

/** One run; gives what failed. */
async function run(webhook: Webhook | undefined, job = webhookJob(webhook)): Promise<string | undefined> {
  let failure: unknown
  const parts = partsWith(async (_, work) => {
    try {
      return await work()
    } catch (error) {
      failure = error
      return undefined
    }
  })
  await job.run(parts, new AbortController().signal)
  return failure instanceof Error ? failure.message : undefined
}

function partsWith(attempt: JobParts['attempt'], now = NOW): JobParts {
  const nothing = () => Promise.resolve()
  const blobs = openMemoryBlobStore()
  return { metadata, blobs, now: () => now, attempt, progress: () => undefined, pace: nothing, rest: nothing }
}

const known = (): Webhook => ({ url, secret: undefined, origin: 'https://registry.example' })

it('tells the oldest first, and where the manifest is', async () => {
  await note(NOW - 1)
  await note(NOW - 2)
  expect(await run(known())).toBeUndefined()
  expect(told().map(({ timestamp }) => timestamp)).toEqual([
    '2026-11-26T23:59:59.998Z',
    '2026-11-26T23:59:59.999Z',
  ])
  expect(told()[0]?.target.url).toBe(`https://registry.example/v2/team/app/manifests/${event.digest}`)
  expect(await left()).toBe(0)
})

it.each([500, 302, 404])('an answer %i ends the run, and nothing is forgotten', async (status) => {
  await note(NOW - 2)
  await note(NOW - 1)
  answers = [200, status]
  expect(await run(known())).toMatch(`answered ${status}; events wait for it for a day`)
  expect(bodies).toHaveLength(2)
  expect(await left()).toBe(1)
})

it('a webhook that is away is said to be so, without what its URL may hide', async () => {
  await note(NOW)
  await new Promise((resolve) => hook.close(resolve))
  const failure = await run(known())
  expect(failure).toMatch(/did not answer: .*ECONNREFUSED/)
  expect(failure).not.toContain('token')
  expect(await left()).toBe(1)
})

it('while the webhook is away no run is due for ten seconds', async () => {
  await note(NOW)
  const job = webhookJob(known())
  const isDue = (now: number) => job.isDue?.(partsWith((_, work) => work(), now))
  expect(await isDue(NOW)).toBe(true)
  answers = [503]
  await run(undefined, job)
  expect([await isDue(NOW + 9000), await isDue(NOW + 10_000)]).toEqual([false, true])
})

it('what was not taken within a day is forgotten, and that is told', async () => {
  await note(NOW - 25 * HOUR)
  await note(NOW - 23 * HOUR)
  expect(await run(known())).toMatch('did not take 1 events within a day')
  expect(bodies).toHaveLength(1)
  expect(await left()).toBe(0)
})

it('without a webhook what was noted for an earlier one is forgotten', async () => {
  await note(NOW)
  expect(await run(undefined)).toBeUndefined()
  expect(bodies).toEqual([])
  expect(await left()).toBe(0)
})
