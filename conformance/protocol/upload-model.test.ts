import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Client } from './support/client.ts'
import { check } from './support/exchange.ts'
import { blob, content } from './support/images.ts'
import { closing, locationOf, openUpload } from './support/push.ts'
import { useOpenRegistry } from './support/server.ts'
import type { Reply } from './support/wire.ts'

/** The upload session against a model of it: what a client may rely on after any sequence of requests. */
const lamina = useOpenRegistry()
const NAME = 'model/app'
const SOURCE = blob('upload-model', 1 << 16).bytes

/** The model: the bytes that the session holds; undefined once it is over. */
interface Model {
  bytes: Buffer | undefined
  location: string
}

type Step = (client: Client, model: Model) => Promise<void>
interface Named {
  readonly name: string
  readonly run: Step
}

const rangeOf = (size: number) => `0-${size - 1}`

/** Every answer of a living session names it: Location, Range and UUID. */
function follow(model: Model, reply: Reply): void {
  expect(reply.header('docker-upload-uuid')).toMatch(/\S/)
  model.location = locationOf(reply)
}

async function expectGone(client: Client, model: Model): Promise<void> {
  check(await client.get(model.location), { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' })
}

/** A step that only a living session takes; a dead one answers 404. */
function living(
  name: string,
  method: string,
  run: (client: Client, model: Model, bytes: Buffer) => Promise<void>,
): Named {
  return {
    name,
    run: async (client, model) => {
      if (model.bytes !== undefined) return run(client, model, model.bytes)
      const reply = await client.ask({
        method,
        path: model.location,
        body: '',
        ...(method === 'PUT' ? { path: closing(model.location, content(SOURCE).digest) } : {}),
      })
      check(reply, { status: 404, code: 'BLOB_UPLOAD_UNKNOWN' })
    },
  }
}

const slice = fc
  .tuple(fc.nat(SOURCE.length - 1), fc.integer({ min: 1, max: 3000 }))
  .map(([start, size]) => SOURCE.subarray(start, start + size))

const append = fc.tuple(slice, fc.boolean(), fc.boolean()).map(
  ([chunk, ranged, sized]): Named =>
    living(
      `append ${chunk.length}${ranged ? ' with its range' : ''}${sized ? '' : ' chunked'}`,
      'PATCH',
      async (client, model, bytes) => {
        const headers = ranged
          ? { 'content-range': `${bytes.length}-${bytes.length + chunk.length - 1}` }
          : {}
        const reply = await client.ask({
          method: 'PATCH',
          path: model.location,
          headers,
          ...(sized ? { body: chunk } : { chunks: [chunk] }),
        })
        check(reply, { status: 202, headers: { range: rangeOf(bytes.length + chunk.length) } })
        model.bytes = Buffer.concat([bytes, chunk])
        follow(model, reply)
      },
    ),
)

const misplaced = fc.tuple(slice, fc.integer({ min: -2000, max: 2000 }), fc.boolean()).map(
  ([chunk, shift, close]): Named =>
    living(
      `${close ? 'close' : 'append'} ${chunk.length} shifted by ${shift}`,
      close ? 'PUT' : 'PATCH',
      async (client, model, bytes) => {
        const start = bytes.length + shift
        if (start < 0 || shift === 0) return
        const headers = { 'content-range': `${start}-${start + chunk.length - 1}` }
        const path = close ? closing(model.location, content(bytes).digest) : model.location
        const reply = await client.ask({ method: close ? 'PUT' : 'PATCH', path, headers, body: chunk })
        check(reply, { status: 416, headers: { range: rangeOf(bytes.length) } })
        follow(model, reply)
      },
    ),
)

const contradiction = fc.tuple(slice, fc.integer({ min: 1, max: 50 })).map(
  ([chunk, more]): Named =>
    living(
      `append ${chunk.length} announced as ${chunk.length + more}`,
      'PATCH',
      async (client, model, bytes) => {
        const headers = { 'content-range': `${bytes.length}-${bytes.length + chunk.length + more - 1}` }
        check(await client.patch(model.location, chunk, headers), { status: 400, code: 'SIZE_INVALID' })
      },
    ),
)

const status = fc.constant(
  living('ask', 'GET', async (client, model, bytes) => {
    const reply = await client.get(model.location)
    check(reply, { status: 204, headers: { range: rangeOf(bytes.length) } })
    follow(model, reply)
  }),
)

const wrongDigest = slice.map(
  (chunk): Named =>
    living(`close with ${chunk.length} more and a wrong digest`, 'PUT', async (client, model, bytes) => {
      const claimed = content(Buffer.concat([bytes, chunk, Buffer.from('!')])).digest
      check(await client.put(closing(model.location, claimed), chunk), {
        status: 400,
        code: 'DIGEST_INVALID',
      })
      check(await client.head(`/v2/${NAME}/blobs/${claimed}`), { status: 404 })
      // The session stays, with what it held before, or reset.
      const reply = await client.get(model.location)
      check(reply, { status: 204 })
      expect([rangeOf(bytes.length), rangeOf(0)]).toContain(reply.header('range'))
      if (reply.header('range') !== rangeOf(bytes.length)) model.bytes = Buffer.alloc(0)
    }),
)

const noDigest = fc.constant(
  living('close without a digest', 'PUT', async (client, model) => {
    check(await client.put(model.location), { status: 400, code: 'DIGEST_INVALID' })
  }),
)

const close = fc.tuple(slice, fc.boolean(), fc.constantFrom('digest', 'sha512')).map(
  ([chunk, withLast, key]): Named =>
    living(
      `close${withLast ? ` with ${chunk.length} more` : ''} by ${key}`,
      'PUT',
      async (client, model, bytes) => {
        const whole = content(withLast ? Buffer.concat([bytes, chunk]) : bytes)
        const digest = key === 'digest' ? whole.digest : whole.sha512
        check(await client.put(closing(model.location, digest), withLast ? chunk : ''), {
          status: 201,
          headers: { 'docker-content-digest': digest, location: `/v2/${NAME}/blobs/${digest}` },
        })
        check(await client.get(`/v2/${NAME}/blobs/${digest}`), { status: 200, body: whole.bytes })
        model.bytes = undefined
        await expectGone(client, model)
      },
    ),
)

const cancel = fc.constant(
  living('cancel', 'DELETE', async (client, model) => {
    check(await client.delete(model.location), { status: 204 })
    model.bytes = undefined
    await expectGone(client, model)
  }),
)

const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: append },
    { weight: 3, arbitrary: misplaced },
    { weight: 2, arbitrary: contradiction },
    { weight: 2, arbitrary: status },
    { weight: 2, arbitrary: wrongDigest },
    { weight: 1, arbitrary: noDigest },
    { weight: 1, arbitrary: close },
    { weight: 1, arbitrary: cancel },
  ),
  { minLength: 1, maxLength: 14 },
)

describe('an upload session', () => {
  test('does what the model does, whatever is asked of it', async () => {
    const { client } = lamina.now
    const holds = fc.asyncProperty(steps, async (sequence) => {
      const model: Model = { bytes: Buffer.alloc(0), location: await openUpload(client, NAME) }
      for (const { name, run } of sequence) {
        try {
          await run(client, model)
        } catch (cause) {
          throw new Error(`at "${name}" of: ${sequence.map((step) => step.name).join(' → ')}`, { cause })
        }
      }
      if (model.bytes === undefined) return
      const whole = content(model.bytes)
      check(await client.put(closing(model.location, whole.digest)), { status: 201 })
      check(await client.get(`/v2/${NAME}/blobs/${whole.digest}`), { status: 200, body: whole.bytes })
    })
    await fc.assert(holds, { numRuns: 60 })
  })
})
