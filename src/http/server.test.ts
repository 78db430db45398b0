import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import {
  Agent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http'
import { connect, createServer as createNetServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { isControlRequest } from './control-socket.ts'
import { endResponse } from './early-answer.ts'
import { startTestServer, type TestServer } from './server-fixture.ts'

const running: TestServer[] = []
afterEach(async () => {
  for (const { dispose } of running.splice(0)) await dispose()
})

async function start(...parts: Parameters<typeof startTestServer>): Promise<TestServer> {
  const server = await startTestServer(...parts)
  running.push(server)
  return server
}

interface Got {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

async function get(options: RequestOptions): Promise<Got> {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    httpRequest(options, resolve).on('error', reject).end(),
  )
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode, headers: response.headers, text }
}

/** Sends `text` and collects what comes back until the server closes. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(text)
  return received(socket)
}

async function received(socket: Socket): Promise<string> {
  let all = ''
  socket.on('data', (chunk: Buffer) => (all += chunk.toString()))
  await once(socket, 'close')
  return all
}

const hello = (_: IncomingMessage, response: ServerResponse): void => void response.end('hello')

describe('listening', () => {
  test('picks a port and says which', async () => {
    const { server, readiness } = await start(hello)
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`)
    expect(readiness.state).toBe('ready')
    expect(await get({ port: server.port })).toMatchObject({ status: 200, text: 'hello' })
  })

  test('a taken port is a sentence, and leaves no control socket', async () => {
    const other = createNetServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const data = await mkdtemp(join(tmpdir(), 'lamina-taken-'))
    await expect(start(hello, { data, listen: { host: '127.0.0.1', port } })).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${port}: another program already does. Stop that one, or choose another`,
    )
    await expect(stat(join(data, 'control.sock'))).rejects.toThrow('ENOENT')
    await rm(data, { recursive: true })
    other.close()
  })

  test('an address that this machine lacks is a sentence', async () => {
    await expect(start(hello, { listen: { host: '192.0.2.1', port: 0 } })).rejects.toThrow('no such address')
  })

  test('takes headers of 100 KiB', async () => {
    const { server } = await start(hello)
    const got = await get({ port: server.port, headers: { range: `bytes=${'0-1,'.repeat(25_000)}2-3` } })
    expect(got.status).toBe(200)
  })

  test.each([
    ['no HTTP at all', 'nonsense\r\n\r\n', 400],
    ['a header of 200 KiB', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(200 * 1024)}\r\n\r\n`, 431],
  ])('answers %s in the form of every failure', async (_, text, status) => {
    const { server } = await start(hello)
    const [head = '', body = ''] = (await raw(server.port, text)).split('\r\n\r\n')
    expect(head).toContain(`HTTP/1.1 ${status} `)
    expect(head).toContain('Content-Type: application/json')
    expect(JSON.parse(body)).toMatchObject({ errors: [{ code: 'UNSUPPORTED' }] })
  })

  test('never writes a second answer into a running one', async () => {
    const { server } = await start((request, response) => {
      response.write('part')
      request.resume()
    })
    const text = await raw(
      server.port,
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n',
    )
    expect(text).not.toContain('HTTP/1.1 400')
  })
})

describe('the control socket', () => {
  const who = (request: IncomingMessage, response: ServerResponse): void =>
    void response.end(isControlRequest(request) ? 'control' : 'network')

  test('marks its requests, and only its own', async () => {
    const { server, data } = await start(who)
    expect((await get({ socketPath: join(data, 'control.sock') })).text).toBe('control')
    expect((await get({ port: server.port })).text).toBe('network')
  })

  test('is open to its own user only', async () => {
    const { data } = await start(who)
    const { mode } = await stat(join(data, 'control.sock'))
    expect(mode & 0o777).toBe(0o600)
    // The mask of the process is as it was.
    const probe = join(data, 'probe')
    await writeFile(probe, '')
    expect((await stat(probe)).mode & 0o777).not.toBe(0o600)
  })

  test('takes the place of one that a killed server left', async () => {
    const data = await mkdtemp(join(tmpdir(), 'lamina-stale-'))
    const path = join(data, 'control.sock')
    const { spawnSync } = await import('node:child_process')
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
    spawnSync(process.execPath, ['-e', script])
    expect((await stat(path)).isSocket()).toBe(true)
    await start(who, { data })
    expect((await get({ socketPath: path })).text).toBe('control')
  })

  test('of a living server is left alone', async () => {
    const { data } = await start(who)
    await expect(start(who, { data })).rejects.toThrow('Another lamina already serves')
    expect((await get({ socketPath: join(data, 'control.sock') })).text).toBe('control')
  })

  test('never removes a file that is none', async () => {
    const data = await mkdtemp(join(tmpdir(), 'lamina-file-'))
    await writeFile(join(data, 'control.sock'), 'precious')
    await expect(start(who, { data })).rejects.toThrow('in the way')
    expect(await readFile(join(data, 'control.sock'), 'utf8')).toBe('precious')
    await rm(data, { recursive: true })
  })

  test('says why when the directory takes none', async () => {
    await expect(start(who, { data: '/proc' })).rejects.toThrow(
      /control socket \/proc\/control.sock cannot be made/,
    )
  })

  test.runIf(process.platform === 'linux')('lies as deep as the data directory', async () => {
    const base = await mkdtemp(join(tmpdir(), 'lamina-deep-'))
    const data = join(base, 'd'.repeat(100), 'e'.repeat(100))
    await mkdir(data, { recursive: true })
    const { server } = await start(who, { data })
    const { connect: connectApi } = await import('../cli/api-client.ts')
    const api = await connectApi({ LAMINA_DATA: data }, base)
    const { z } = await import('zod')
    await expect(api.call(z.undefined(), 'GET', '/')).resolves.toBeUndefined()
    await server.stop()
    await expect(stat(join(data, 'control.sock'))).rejects.toThrow('ENOENT')
    await chmod(base, 0o700)
    await rm(base, { recursive: true })
  })
})

describe('100 Continue', () => {
  test('leaves when the body is read, and a refused client sends none', async () => {
    const { server } = await start((request, response) => {
      if (request.url === '/refused') {
        void endResponse(
          request,
          response,
          { status: 401, headers: { 'content-length': '2' } },
          Buffer.from('no'),
        )
      } else void request.toArray().then((chunks) => response.end(Buffer.concat(chunks)))
    })
    const ask = async (path: string): Promise<{ continued: boolean; status: number | undefined }> => {
      const agent = new Agent()
      const headers = { expect: '100-continue', 'content-length': '4' }
      const request = httpRequest({ port: server.port, method: 'PUT', path, headers, agent })
      let continued = false
      request.on('continue', () => {
        continued = true
        request.end('body')
      })
      request.flushHeaders()
      const response = await new Promise<IncomingMessage>((resolve) => request.once('response', resolve))
      response.resume()
      request.destroy()
      return { continued, status: response.statusCode }
    }
    expect(await ask('/refused')).toEqual({ continued: false, status: 401 })
    expect(await ask('/taken')).toEqual({ continued: true, status: 200 })
  })
})

describe('an answer before the body came', () => {
  const refuse = (request: IncomingMessage, response: ServerResponse): void => {
    const headers = { 'content-type': 'text/plain', 'content-length': '8' }
    void endResponse(request, response, { status: 413, headers }, Buffer.from('too long'))
  }

  test('reaches a client that goes on sending', async () => {
    const { server } = await start(refuse)
    const socket = connect(server.port, '127.0.0.1')
    const answer = received(socket)
    const size = 8 * 2 ** 20
    socket.write(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`)
    // The whole of it, as a client does that looks for the answer only afterwards.
    socket.write(Buffer.alloc(size))
    const text = await answer
    expect(text).toContain('413')
    expect(text.toLowerCase()).toContain('connection: close')
    expect(text).toContain('too long')
  })

  test('keeps the connection when little is left', async () => {
    const { server } = await start(refuse)
    const socket = connect(server.port, '127.0.0.1')
    const answer = received(socket)
    socket.write(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n`)
    socket.write('body')
    socket.write(`PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody`)
    expect((await answer).split('413')).toHaveLength(3)
  })
})

describe('a body in pieces', () => {
  const chunks = (pieces: readonly string[]): string =>
    [...pieces, ''].map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')
  const post = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n'

  test('goes on whole and in its order, whatever their sizes', async () => {
    const { server } = await start((request, response) => {
      void request.toArray().then((pieces) => response.end(Buffer.concat(pieces)))
    })
    const pieces = Array.from({ length: 2000 }, (_, at) => `${at},`.repeat(at % 7 === 0 ? 400 : 1))
    const answer = await raw(server.port, post + chunks(pieces))
    expect(answer).toContain(pieces.join(''))
  })

  test('of a byte each does not wait piece by piece', async () => {
    let seen = 0
    const { server } = await start((request, response) => {
      request.on('data', () => (seen += 1)).on('end', () => response.end('hello'))
    })
    await raw(server.port, post + chunks(Array.from({ length: 20_000 }, () => 'a')))
    expect(seen).toBeLessThan(2000)
  })

  test('is taken no faster than it is read', async () => {
    const come = Promise.withResolvers<IncomingMessage>()
    const { server } = await start((request) => come.resolve(request))
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(post + chunks(Array.from({ length: 300_000 }, () => 'a')))
    const request = await come.promise
    await expect.poll(() => request.readableLength).toBeGreaterThanOrEqual(request.readableHighWaterMark)
    expect(request.readableLength).toBeLessThan(3 * request.readableHighWaterMark)
    socket.destroy()
  })
})

describe('requests that come at once', () => {
  const some = (count: number): string => 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(count)

  test('are handled one after the other, so that answers which nobody reads do not gather', async () => {
    const begun: ServerResponse[] = []
    const { server } = await start((request, response) => {
      if (request.url === '/') begun.push(response)
      else response.end()
    })
    const socket = connect(server.port, '127.0.0.1')
    socket.write(some(3))
    for (const count of [1, 2, 3]) {
      await expect.poll(() => begun.length).toBe(count)
      // What came later is answered by now, so the others would have begun, too.
      await get({ port: server.port, path: '/later' })
      expect(begun).toHaveLength(count)
      begun.at(-1)?.end(`answer ${count}`)
      await once(socket, 'data')
    }
    socket.destroy()
  })

  test('are a hundred at most', async () => {
    let handled = 0
    const { server } = await start((request, response) => {
      if (request.url === '/') handled += 1
      else response.end('hello')
    })
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(some(2000))
    await once(socket, 'close')
    expect(handled).toBe(1)
    expect((await get({ port: server.port, path: '/others' })).text).toBe('hello')
  })
})

describe('a client that shuts its sending side', () => {
  const ask = (port: number, text: string): Socket => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.end(text)
    return socket
  }

  test('gets the answers to what it has asked', async () => {
    const { server } = await start((request, response) => {
      const answered = (): void => void response.end(request.url)
      if (request.socket.readableEnded) answered()
      else request.socket.once('end', answered)
    })
    const socket = ask(
      server.port,
      ['/one', '/two'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''),
    )
    const answers = received(socket)
    await once(socket, 'end')
    socket.destroy()
    expect(await answers).toMatch(/^HTTP\/1\.1 200 [^]*\/oneHTTP\/1\.1 200 [^]*\/two$/)
  })

  test.each([
    ['in the midst of a head', 'GET / HTTP/1.1\r\nHost', '400 Bad Request'],
    [
      'in the midst of a body',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nbody',
      '400 Bad Request',
    ],
    ['before any request', '', ''],
  ])('is told so, and nothing waits for the rest, %s', async (_, text, status) => {
    const { server } = await start((request) => void request.resume())
    const socket = ask(server.port, text)
    const answer = received(socket)
    await once(socket, 'end')
    socket.destroy()
    expect(await answer).toContain(status)
  })
})

describe('a stop', () => {
  test('lets a running answer end, closes idle connections, takes no new ones', async () => {
    const begun = Promise.withResolvers<ServerResponse>()
    const { server, readiness, data } = await start(
      (request, response) => {
        if (request.url === '/idle') response.end('idle')
        else begun.resolve(response)
      },
      { stopTimeout: 600_000 },
    )
    const idle = connect(server.port, '127.0.0.1')
    idle.write('GET /idle HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(idle, 'data')
    const slow = get({ port: server.port, path: '/slow' })
    const response = await begun.promise
    const stopped = server.stop()
    expect(readiness.state).toBe('stopping')
    idle.resume()
    await once(idle, 'close')
    await expect(get({ port: server.port })).rejects.toThrow('ECONNREFUSED')
    response.end('done')
    const got = await slow
    expect(got).toMatchObject({ status: 200, text: 'done' })
    expect(got.headers.connection).toBe('close')
    await stopped
    await expect(stat(join(data, 'control.sock'))).rejects.toThrow('ENOENT')
  })

  test('cuts what does not end in time, and says so', async () => {
    const begun = Promise.withResolvers<void>()
    const { server, log } = await start((_, response) => {
      response.write('part')
      begun.resolve()
    })
    const cut = get({ port: server.port })
    cut.catch(() => undefined)
    await begun.promise
    await server.stop()
    await expect(cut).rejects.toThrow(/aborted|ECONNRESET|hang up/)
    expect(log.join('')).toContain('LAMINA_STOP_TIMEOUT')
  })

  test('is the same stop when asked twice', async () => {
    const { server } = await start(hello)
    expect(server.stop()).toBe(server.stop())
  })
})
