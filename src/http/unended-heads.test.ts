import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UnendedHeads } from './unended-heads.ts'

const LARGE = 10_000
const MOST = 3.5 * LARGE

let server: Server
let port = 0
let heads: UnendedHeads
let cut: number
let sockets: Set<Socket>
let clients: Socket[]

beforeEach(async () => {
  cut = 0
  clients = []
  sockets = new Set()
  heads = new UnendedHeads(MOST, () => (cut += 1))
  server = createServer((request, response) => {
    heads.ended(request, response)
    if (request.url === '/late') return
    request.resume().on('end', () => response.end('answer'))
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})

afterEach(async () => {
  for (const client of clients) client.destroy()
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

async function open(): Promise<Socket> {
  const client = connect(port, '127.0.0.1')
  clients.push(client)
  client.on('error', () => undefined)
  await once(client, 'connect')
  return client
}

/** Sends, and waits until the server has read all that was sent. */
async function send(client: Socket, text: string): Promise<Socket> {
  client.write(text)
  const mine = () => [...sockets].find(({ remotePort }) => remotePort === client.localPort)
  await expect.poll(() => mine()?.bytesRead).toBe(client.bytesWritten)
  return client
}

const half = (bytes: number): string => `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(bytes)}`

test('the largest of too many heads that do not end are cut, and no others', async () => {
  const small = await send(await open(), half(100))
  const large: Socket[] = []
  for (let count = 0; count < 5; count++) large.push(await send(await open(), half(LARGE)))
  heads.look(sockets)
  expect(cut).toBe(2)
  await expect.poll(() => large.filter(({ closed }) => closed).length).toBe(2)
  expect(small.closed).toBe(false)
  heads.look(sockets)
  expect(cut).toBe(2)
})

test('a head that has ended counts no more, nor does a body, however large', async () => {
  for (let count = 0; count < 5; count++) {
    const client = await send(await open(), `${half(LARGE)}\r\n\r\n`)
    await once(client, 'data')
  }
  const body = 'b'.repeat(2 * MOST)
  const client = await send(
    await open(),
    `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${2 * body.length}\r\n\r\n`,
  )
  await send(client, body)
  heads.look(sockets)
  client.write(body)
  await once(client, 'data')
  await expect.poll(() => sockets.size).toBe(6)
  heads.look(sockets)
  expect(cut).toBe(0)
})

test('a head counts that begins behind an answer', async () => {
  const client = await send(await open(), `${half(LARGE)}\r\n\r\n`)
  await once(client, 'data')
  for (let count = 0; count < 3; count++) await send(await open(), half(LARGE))
  heads.look(sockets)
  expect(cut).toBe(0)
  await send(client, half(LARGE))
  heads.look(sockets)
  expect(cut).toBe(1)
})

test('what comes behind a request that has no answer yet counts for nothing', async () => {
  await send(
    await open(),
    `PUT /late HTTP/1.1\r\nHost: a\r\nContent-Length: ${MOST}\r\n\r\n${'b'.repeat(MOST)}`,
  )
  await send(await open(), half(100))
  heads.look(sockets)
  expect(cut).toBe(0)
})
