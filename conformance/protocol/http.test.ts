import { describe, expect, test } from 'vitest'
import { check } from './support/exchange.ts'
import { blob } from './support/images.ts'
import { pushBlob } from './support/push.ts'
import { head, RawConnection } from './support/raw.ts'
import { useOpenRegistry } from './support/server.ts'
import type { Reply } from './support/wire.ts'

/** HTTP itself, as proxies, old tools and attackers write it: what two readers may read in two ways is refused. */
const lamina = useOpenRegistry()
const POST = 'POST /v2/http/app/blobs/uploads/ HTTP/1.1'

/** The answers to a text, in order. */
async function replies(text: string, count = 1): Promise<Reply[]> {
  const connection = await RawConnection.open(lamina.now.url)
  try {
    connection.write(text)
    const answers: Reply[] = []
    while (answers.length < count) answers.push(await connection.reply())
    return answers
  } finally {
    connection.destroy()
  }
}

async function reply(text: string): Promise<Reply> {
  const [answer] = await replies(text)
  if (answer === undefined) throw new Error('there was no answer')
  return answer
}

describe('refused with 400 and a reason', () => {
  test.each([
    // RFC 9112 §3.2
    ['no Host', head('GET /v2/ HTTP/1.1')],
    ['two Hosts', head('GET /v2/ HTTP/1.1', 'Host: a', 'Host: b')],
    ...['a b', 'a/b', 'user@a', 'a:b', '[::1', '"a"', 'a%'].map((host): [string, string] => [
      `the Host ${host}`,
      head('GET /v2/ HTTP/1.1', `Host: ${host}`),
    ]),
    ['a user in an absolute target', head('GET http://user@a/v2/ HTTP/1.1', 'Host: a')],
    [
      'two credentials',
      head('GET /v2/ HTTP/1.1', 'Host: a', 'Authorization: Basic eDp5', 'Authorization: Basic ejp6'),
    ],
    ['two types', head(POST, 'Host: a', 'Content-Type: a/b', 'Content-Type: c/d', 'Content-Length: 0')],
    // RFC 9112 §6.3: what ends where, and so where the next request begins
    ['two lengths', `${head(POST, 'Host: a', 'Content-Length: 0', 'Content-Length: 5')}hello`],
    ['a list of lengths', head(POST, 'Host: a', 'Content-Length: 0, 0')],
    ['a length with a sign', head(POST, 'Host: a', 'Content-Length: +0')],
    [
      'chunks in HTTP/1.0',
      `${head('POST /v2/http/app/blobs/uploads/ HTTP/1.0', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    ],
    [
      'a length and chunks',
      `${head(POST, 'Host: a', 'Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    ],
    ['chunks inside something', `${head(POST, 'Host: a', 'Transfer-Encoding: chunked, gzip')}0\r\n\r\n`],
    ['chunks spelled in another way', `${head(POST, 'Host: a', 'Transfer-Encoding: xchunked')}0\r\n\r\n`],
    ['a space before the colon', head(POST, 'Host: a', 'Content-Length : 0')],
    ['a header over two lines', head('GET /v2/ HTTP/1.1', 'Host: a', 'X: a', ' b')],
    ['lines without a return', 'GET /v2/ HTTP/1.1\nHost: a\n\n'],
    [
      'a length among the trailers',
      `${head(POST, 'Host: a', 'Transfer-Encoding: chunked')}0\r\nContent-Length: 7\r\n\r\n`,
    ],
  ])('%s', async (_, text) => {
    const answer = await reply(text)
    check(answer, { status: 400, code: 'UNSUPPORTED', headers: { 'content-type': 'application/json' } })
  })
})

test('a coding that nobody takes off the body is refused with 501 and a reason', async () => {
  const answer = await reply(`${head(POST, 'Host: a', 'Transfer-Encoding: gzip, chunked')}0\r\n\r\n`)
  check(answer, { status: 501, code: 'UNSUPPORTED', headers: { 'content-type': 'application/json' } })
})

test('CONNECT is refused with 405 and a reason', async () => {
  const answer = await reply(head('CONNECT other.test:443 HTTP/1.1', 'Host: other.test:443'))
  check(answer, { status: 405, code: 'UNSUPPORTED', headers: { 'content-type': 'application/json' } })
})

describe('understood', () => {
  test.each([
    // RFC 9112 §3.2.2: "a server MUST accept the absolute-form in requests"
    ['an absolute target', head(`GET http://other.test/v2/ HTTP/1.1`, 'Host: a'), 200],
    [
      'an absolute target without a path',
      head(`GET http://other.test HTTP/1.1`, 'Host: a', 'Accept: text/html'),
      200,
    ],
    ['HTTP/1.0 without Host', head('GET /v2/ HTTP/1.0'), 200],
    ...['', 'my_registry:5000', '[::1]:5000', 'a.example.:', 'A%2e'].map((host): [string, string, number] => [
      `the Host '${host}'`,
      head('GET /v2/ HTTP/1.1', `Host: ${host}`),
      200,
    ]),
    // RFC 9110 §10.1.1: what a server does not know it may refuse, or ignore
    ['an expectation that nobody knows', head(POST, 'Host: a', 'Expect: wonders', 'Content-Length: 0'), 202],
    [
      'an upgrade that is not offered',
      head('GET /v2/ HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: h2c'),
      200,
    ],
    ['chunks in capitals', `${head(POST, 'Host: a', 'Transfer-Encoding: Chunked')}0\r\n\r\n`, 202],
    ['trailers', `${head(POST, 'Host: a', 'Transfer-Encoding: chunked')}0\r\nX-Sum: 1\r\n\r\n`, 202],
  ])('%s', async (_, text, status) => {
    check(await reply(text), { status })
  })

  test('an absolute target names the host', async () => {
    const locked = await reply(head('GET http://registry.test:81/v2/nothing HTTP/1.1', 'Host: other'))
    check(locked, { status: 404, code: 'UNSUPPORTED' })
    expect(locked.text).toContain('/v2/nothing')
    expect(locked.text).not.toContain('registry.test')
  })

  test.each([
    ['no request', 'NONSENSE\r\n\r\n', [200, 200, 400]],
    ['two Hosts', head('GET /v2/ HTTP/1.1', 'Host: a', 'Host: b'), [200, 200, 400]],
  ])('what was asked before %s is answered first', async (_, last, statuses) => {
    const get = head('GET /v2/ HTTP/1.1', 'Host: a')
    const answers = await replies(`${get}${get}${last}`, statuses.length)
    expect(answers.map(({ status }) => status)).toEqual(statuses)
  })

  test('what comes behind a request that closes the connection takes no answer away', async () => {
    const [get, close] = [[], ['Connection: close']].map((more) =>
      head('GET /v2/ HTTP/1.1', 'Host: a', ...more),
    )
    const answers = await replies(`${get}${close}${get}`, 2)
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
  })

  test('requests that come at once are answered in their order, whatever each takes', async () => {
    const made = blob('http/pipelined', 300_000)
    await pushBlob(lamina.now.client, 'http/app', made)
    const path = `/v2/http/app/blobs/${made.digest}`
    const lines = [`GET ${path}`, 'GET /v2/', 'GET /v2/http/app/tags/list', `GET ${path}`]
    const answers = await replies(lines.map((line) => head(`${line} HTTP/1.1`, 'Host: a')).join(''), 4)
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(answers[0]?.body.equals(made.bytes)).toBe(true)
    expect(answers[3]?.body.equals(made.bytes)).toBe(true)
  })
})
