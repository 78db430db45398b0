import { describe, expect, test } from 'vitest'
import { check } from './support/exchange.ts'
import { OCI_IMAGE } from './support/images.ts'
import { at } from './support/json.ts'
import { beginUpload } from './support/push.ts'
import { head, RawConnection } from './support/raw.ts'
import { type Registry, useOpenRegistry, useServer } from './support/server.ts'
import type { Reply } from './support/wire.ts'

/** P§0: a refusal that is sent while the client still sends must reach it. */
const open = useOpenRegistry()
const closed = useServer({ LAMINA_AUTH: 'on' })
const client = () => open.now.client
const NAME = 'early/app'

const MIB = Buffer.alloc(1024 * 1024, 0x5b)

/**
 * Sends a head and then up to `mebibytes` of body without looking at what comes back for a while, as Go clients do,
 * and reads the answer at last. A server that answered and reset the connection loses the answer on the way.
 */
async function sendBlindly(server: Registry, lines: readonly string[], mebibytes: number): Promise<Reply> {
  const connection = await RawConnection.open(server.url)
  try {
    connection.pause()
    connection.write(
      head(...lines, 'Host: x', `Content-Length: ${mebibytes * MIB.length}`, `Content-Type: ${OCI_IMAGE}`),
    )
    const until = performance.now() + 400
    for (let sent = 0; sent < mebibytes && performance.now() < until && !connection.over; sent += 1) {
      connection.write(MIB)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    connection.resume()
    return await connection.reply()
  } finally {
    connection.destroy()
  }
}

describe('an early refusal reaches a client that is still sending', () => {
  // "Early rejection (401, 413, 416) while the client still sends: drain or half-close, else Node resets the socket
  // and Go reports a broken pipe instead of the status."
  const session = '6ba7b810-9dad-41d1-80b4-00c04fd430c8'
  const digest = `sha256:${'0'.repeat(64)}`

  test.concurrent.each([
    ['401 of a PATCH', closed, `PATCH /v2/${NAME}/blobs/uploads/${session} HTTP/1.1`, 401],
    ['401 of a single POST', closed, `POST /v2/${NAME}/blobs/uploads/?digest=${digest} HTTP/1.1`, 401],
    ['401 of a manifest', closed, `PUT /v2/${NAME}/manifests/v1 HTTP/1.1`, 401],
    ['413 of a manifest', open, `PUT /v2/${NAME}/manifests/v1 HTTP/1.1`, 413],
    ['404 of an unknown session', open, `PATCH /v2/${NAME}/blobs/uploads/${session} HTTP/1.1`, 404],
    ['400 of a bad digest', open, `POST /v2/${NAME}/blobs/uploads/?digest=sha256:bad HTTP/1.1`, 400],
    ['400 of a bad name', open, 'POST /v2/Bad//Name/blobs/uploads/ HTTP/1.1', 400],
    ['405 of a method', open, `PUT /v2/${NAME}/tags/list HTTP/1.1`, 405],
    ['404 of no endpoint', open, 'PUT /nothing/here HTTP/1.1', 404],
  ])('%s', async (_name, server, line, status) => {
    const reply = await sendBlindly(server.now, [line], 48)
    expect(reply.status).toBe(status)
    expect(at(reply.json, 'errors', 0, 'code')).toMatch(/\w/)
  })

  // RFC 9110 §10.1.1: who sends Expect "is not required to wait for any specific length of time", and may send at once.
  test.concurrent.each([48, 1])('401 of %i MiB that come without waiting for 100', async (mebibytes) => {
    const line = `PATCH /v2/${NAME}/blobs/uploads/${session} HTTP/1.1`
    const reply = await sendBlindly(closed.now, [line, 'Expect: 100-continue'], mebibytes)
    expect(reply.status).toBe(401)
  })

  test.concurrent('416 of a chunk out of order', async () => {
    const location = await beginUpload(client(), NAME, Buffer.from('start'))
    const reply = await sendBlindly(
      open.now,
      [`PATCH ${location} HTTP/1.1`, `Content-Range: 100-${99 + 48 * MIB.length}`],
      48,
    )
    expect(reply.status).toBe(416)
    expect(reply.header('range')).toBe('0-4')
  })

  test.concurrent('401 of wrong credentials on the API', async () => {
    const reply = await sendBlindly(closed.now, ['POST /api/v1/users HTTP/1.1'], 48)
    expect(reply.status).toBe(401)
  })

  // CVE-2017-11468: "PUT 4 MiB + 1 → 413; endless chunked body cut, RSS flat"
  test.concurrent('an endless chunked manifest is cut off with 413', async () => {
    const connection = await RawConnection.open(open.now.url)
    connection.write(
      head(
        `PUT /v2/${NAME}/manifests/endless HTTP/1.1`,
        'Host: x',
        'Transfer-Encoding: chunked',
        `Content-Type: ${OCI_IMAGE}`,
      ),
    )
    const feed = setInterval(() => {
      connection.write(`${MIB.length.toString(16)}\r\n`)
      connection.write(MIB)
      connection.write('\r\n')
    }, 5)
    try {
      expect((await connection.reply()).status).toBe(413)
    } finally {
      clearInterval(feed)
      connection.destroy()
    }
    check(await client().get(`/v2/${NAME}/manifests/endless`), { status: 404 })
  })
})
