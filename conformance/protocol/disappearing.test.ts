import { describe, expect, test } from 'vitest'
import { check } from './support/exchange.ts'
import { blob, image, OCI_IMAGE } from './support/images.ts'
import { closing, locationOf, openUpload, pushBlob } from './support/push.ts'
import { head, RawConnection } from './support/raw.ts'
import { useOpenRegistry } from './support/server.ts'

/** Issue 3: "A client that disappears leaves nothing but an upload session that expires." */
const open = useOpenRegistry()
const client = () => open.now.client
const NAME = 'disappearing/app'

describe('a client that disappears', () => {
  /** Sends a head and a part of the body that it announces, then hangs up. */
  async function vanish(first: string, part: Uint8Array): Promise<void> {
    const connection = await RawConnection.open(open.now.url)
    connection.write(first)
    connection.write(part)
    await new Promise((resolve) => setTimeout(resolve, 100))
    connection.destroy()
  }

  /** The session's next offset, once it has taken note of what came. */
  async function offsetOf(location: string): Promise<number> {
    const reply = await client().get(location)
    check(reply, { status: 204 })
    return Number(/^0-(-?\d+)$/.exec(reply.header('range') ?? '')?.[1]) + 1
  }

  async function settled(location: string): Promise<number> {
    let before = -1
    for (let round = 0; round < 50; round += 1) {
      const now = await offsetOf(location)
      if (now === before && now > 0) return now
      before = now
      await new Promise((resolve) => setTimeout(resolve, 40))
    }
    return before
  }

  // "Client abort keeps the bytes received; GET status tells the offset."
  test.each([
    ['with a length', 'Content-Length: 200000', (part: Buffer) => part],
    [
      'chunked',
      'Transfer-Encoding: chunked',
      (part: Buffer) =>
        Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]),
    ],
  ])(
    'in the middle of a PATCH %s leaves a session that resumes where it says',
    async (name, length, frame) => {
      const made = blob(`limits/vanish/${name}`, 200_000)
      const location = await openUpload(client(), NAME)
      await vanish(
        head(`PATCH ${location} HTTP/1.1`, 'Host: x', length),
        frame(made.bytes.subarray(0, 120_000)),
      )
      const offset = await settled(location)
      expect(offset).toBe(120_000)
      check(await client().head(`/v2/${NAME}/blobs/${made.digest}`), { status: 404 })
      const patched = await client().patch(location, made.bytes.subarray(offset), {
        'content-range': `${offset}-199999`,
      })
      check(patched, { status: 202, headers: { range: '0-199999' } })
      check(await client().put(closing(locationOf(patched), made.digest)), { status: 201 })
      check(await client().get(`/v2/${NAME}/blobs/${made.digest}`), { status: 200, body: made.bytes })
    },
  )

  // "A failed or cut whole-blob PUT must leave the session usable: RC then retries on the same URL with chunks from 0
  // → answer 416+Range or reset."
  test('in the middle of a PUT leaves a session that regclient can go on with', async () => {
    const made = blob('limits/vanish/put', 200_000)
    const location = await openUpload(client(), NAME)
    await vanish(
      head(`PUT ${closing(location, made.digest)} HTTP/1.1`, 'Host: x', 'Content-Length: 200000'),
      made.bytes.subarray(0, 120_000),
    )
    check(await client().head(`/v2/${NAME}/blobs/${made.digest}`), { status: 404 })
    // As regclient: a 416 names the offset to go on from, also while the server still takes leave of the cut request.
    let offset = 0
    for (let round = 0; offset < made.size && round < 20; round += 1) {
      const part = made.bytes.subarray(offset, offset + 50_000)
      const range = `${offset}-${offset + part.length - 1}`
      const reply = await client().patch(location, part, { 'content-range': range })
      check(reply, { status: [202, 416], headers: { range: /^0-(-1|\d+)$/ } })
      offset = Number(/^0-(-?\d+)$/.exec(reply.header('range') ?? '')?.[1]) + 1
    }
    check(await client().put(closing(location, made.digest)), { status: 201 })
    check(await client().get(`/v2/${NAME}/blobs/${made.digest}`), { status: 200, body: made.bytes })
  })

  test('in the middle of a single POST, or of a manifest, leaves nothing', async () => {
    const made = blob('limits/vanish/post', 200_000)
    const manifest = image('limits/vanish')
    await vanish(
      head(
        `POST /v2/${NAME}/blobs/uploads/?digest=${made.digest} HTTP/1.1`,
        'Host: x',
        'Content-Length: 200000',
      ),
      made.bytes.subarray(0, 120_000),
    )
    await vanish(
      head(
        `PUT /v2/${NAME}/manifests/vanished HTTP/1.1`,
        'Host: x',
        `Content-Type: ${OCI_IMAGE}`,
        `Content-Length: ${manifest.size}`,
      ),
      manifest.bytes.subarray(0, 100),
    )
    check(await client().head(`/v2/${NAME}/blobs/${made.digest}`), { status: 404 })
    check(await client().head(`/v2/${NAME}/manifests/vanished`), { status: 404 })
    await pushBlob(client(), NAME, made)
  })
})
