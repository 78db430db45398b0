import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { BufferPool } from '../buffer-pool.ts'
import { sampleBytes } from '../contract-bench.ts'
import { ReadConnections } from './read-connections.ts'

const ended: (() => void)[] = []
afterEach(() => {
  for (const end of ended.splice(0)) end()
})

interface World {
  readonly reads: ReadConnections
  readonly pool: BufferPool
  readonly url: string
  /** Connections that were made. */
  readonly made: () => number
}

/** A server that answers each request with the next of `answers`; what follows a pause is sent in a piece of its own. */
async function serving(...answers: ((socket: net.Socket) => void)[]): Promise<World> {
  let made = 0
  const server = net.createServer((socket) => {
    made += 1
    socket.on('error', () => undefined)
    socket.on('data', () => answers.shift()?.(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  const origin = `http://127.0.0.1:${address.port}`
  const pool = new BufferPool({ tiny: 16_384, small: 65_536, large: 131_072 })
  const reads = new ReadConnections({ origin, ca: undefined, stall: 500, pool })
  ended.push(() => {
    reads.close()
    server.close()
  })
  return { reads, pool, url: `${origin}/key`, made: () => made }
}

const saying =
  (head: string, body: Uint8Array | string = '') =>
  (socket: net.Socket) => {
    socket.write(`${head}\r\n\r\n`)
    socket.write(body)
  }

const whole = (bytes: Buffer) => saying(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}`, bytes)

async function readAll(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const chunk of body) pieces.push(Buffer.from(chunk))
  return Buffer.concat(pieces)
}

const BYTES = sampleBytes(3_000_000)

describe('reading over connections of its own', () => {
  it('gives every byte at the pace of a slow reader, in one piece of memory', async () => {
    const { reads, pool, url } = await serving(whole(BYTES))
    const { status, body } = await reads.get(url, undefined)
    expect(status).toBe(200)
    const pieces: Buffer[] = []
    for await (const chunk of body) {
      pieces.push(Buffer.from(chunk))
      expect(pool.lentBytes).toBe(131_072)
      if (pieces.length % 8 === 0) await sleep(1)
    }
    expect(Buffer.concat(pieces).equals(BYTES)).toBe(true)
    expect(pool.lentBytes).toBe(0)
  })

  it('asks for the range, and again over the same connection', async () => {
    const heard: string[] = []
    const answer = (socket: net.Socket): void => whole(Buffer.from('abc'))(socket)
    const { reads, url, made } = await serving(answer, whole(Buffer.alloc(0)), answer)
    for (const range of ['bytes=0-2', undefined, undefined])
      heard.push((await readAll((await reads.get(url, range)).body)).toString())
    expect(heard).toEqual(['abc', '', 'abc'])
    expect(made()).toBe(1)
  })

  it('takes a new connection when the server closed the one that waited', async () => {
    const closing = (socket: net.Socket): void => {
      whole(BYTES)(socket)
      socket.end()
    }
    // One is for a request that the old connection may still have brought.
    const { reads, url, made } = await serving(closing, whole(BYTES), whole(BYTES))
    for (let time = 0; time < 2; time++)
      expect((await readAll((await reads.get(url, undefined)).body)).equals(BYTES)).toBe(true)
    expect(made()).toBe(2)
  })

  it('gives what came before a connection broke, then fails', async () => {
    const { reads, pool, url } = await serving((socket) => {
      saying('HTTP/1.1 200 OK\r\nContent-Length: 10', '12345')(socket)
      socket.end()
    })
    const came: string[] = []
    const reading = async (): Promise<void> => {
      for await (const chunk of (await reads.get(url, undefined)).body)
        came.push(Buffer.from(chunk).toString())
    }
    await expect(reading()).rejects.toThrow('ECONNRESET')
    expect(came.join('')).toBe('12345')
    expect(pool.lentBytes).toBe(0)
  })

  it.each([
    ['no answer', () => undefined],
    ['no more bytes came', saying('HTTP/1.1 200 OK\r\nContent-Length: 10', '12345')],
  ])('fails with "%s" when the server is silent', async (why, answer) => {
    const { reads, url } = await serving(answer)
    const reading = reads.get(url, undefined).then(({ body }) => readAll(body))
    await expect(reading).rejects.toThrow(why)
  })

  it('waits as long as its reader likes', async () => {
    const { reads, url } = await serving(whole(BYTES))
    const { body } = await reads.get(url, undefined)
    let size = 0
    for await (const chunk of body) {
      if (size === 0) await sleep(1200)
      size += chunk.length
    }
    expect(size).toBe(BYTES.length)
  })

  it.each([
    ['chunked', 'HTTP/1.1 503 Slow Down\r\nTransfer-Encoding: chunked', '5\r\nhello\r\n0\r\n\r\n'],
    ['without a length', 'HTTP/1.1 503 Slow Down\r\nConnection: close', 'hello'],
  ])('reads an answer %s to its end, and closes the connection', async (_, head, text) => {
    const { reads, url, made } = await serving((socket) => {
      saying(head, text)(socket)
      if (head.includes('close')) socket.end()
    }, whole(BYTES))
    const { status, body } = await reads.get(url, undefined)
    expect([status, (await readAll(body)).toString()]).toEqual([503, text])
    await readAll((await reads.get(url, undefined)).body)
    expect(made()).toBe(2)
  })

  it('is left early: the connection ends, and the memory that is still read is not lent again', async () => {
    const { reads, pool, url, made } = await serving(whole(BYTES), whole(BYTES))
    for await (const _ of (await reads.get(url, undefined)).body) break
    expect([pool.lentBytes, pool.heldBytes]).toEqual([0, 0])
    const answer = await reads.get(url, undefined)
    answer.destroy()
    expect([pool.lentBytes, pool.heldBytes]).toEqual([0, 131_072])
    expect(made()).toBe(2)
  })

  it.each(['220 smtp.example ready\r\n\r\n', 'x'.repeat(20_000)])(
    'refuses what is not HTTP',
    async (text) => {
      const { reads, url } = await serving((socket) => void socket.write(text))
      await expect(reads.get(url, undefined)).rejects.toThrow('an answer that is not HTTP')
    },
  )
})
