import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UnreadAnswers } from './unread-answers.ts'

const MIB = 1024 * 1024
/** Longer than what kernels keep of one connection for both sides. */
const ANSWER = Buffer.alloc(24 * MIB, 'a')
/** Two answers wait, and no third. */
const MOST = 2.5 * ANSWER.length

let server: Server
let port = 0
let cut: number
/** Who the next connections are from. */
let addresses: string[]
let clients: Socket[]

beforeEach(async () => {
  cut = 0
  addresses = []
  clients = []
  const unread = new UnreadAnswers(MOST, () => (cut += 1))
  server = createServer((request, response) => {
    unread.watch(request.socket, response)
    response.end(request.url === '/short' ? 'short' : ANSWER)
  })
  server.on('connection', (socket) => {
    const address = addresses.shift()
    if (address !== undefined) Object.defineProperty(socket, 'remoteAddress', { value: address })
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

/** Asks, and reads nothing beyond the first bytes of the answer. */
async function ask(path: string, from = '192.0.2.1'): Promise<Socket> {
  addresses.push(from)
  const client = connect(port, '127.0.0.1')
  clients.push(client)
  client.on('error', () => undefined)
  client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
  await once(client, 'readable')
  return client
}

/** How many bytes come until nothing more does, or all of an answer is here. */
async function readAll(client: Socket): Promise<number> {
  let bytes = 0
  for await (const chunk of client) {
    bytes += Buffer.isBuffer(chunk) ? chunk.length : 0
    if (bytes > ANSWER.length) break
  }
  return bytes
}

test('the oldest of too many answers that nobody reads is cut', async () => {
  const [first, second, third] = [await ask('/'), await ask('/'), await ask('/')]
  expect(cut).toBe(1)
  expect(await readAll(first)).toBeLessThan(ANSWER.length)
  expect(await readAll(second)).toBeGreaterThan(ANSWER.length)
  expect(await readAll(third)).toBeGreaterThan(ANSWER.length)
  // They wait no more.
  await ask('/')
  await ask('/')
  expect(cut).toBe(1)
})

test('who reads slowly does not lose his answer to who has more of them', async () => {
  const slow = await ask('/', '198.51.100.1')
  for (let count = 0; count < 4; count++) await ask('/')
  expect(cut).toBe(3)
  expect(await readAll(slow)).toBeGreaterThan(ANSWER.length)
})

test('answers that the kernel takes do not wait', async () => {
  for (let count = 0; count < 50; count++) await ask('/short')
  await ask('/')
  await ask('/')
  expect(cut).toBe(0)
})

test('who went away waits no more', async () => {
  for (let count = 0; count < 5; count++) {
    const client = await ask('/')
    client.destroy()
    await expect.poll(async () => connections()).toBe(0)
  }
  expect(cut).toBe(0)
})

function connections(): Promise<number> {
  return new Promise((counted, failed) =>
    server.getConnections((error, count) => (error === null ? counted(count) : failed(error))),
  )
}
