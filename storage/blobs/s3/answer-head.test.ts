import { describe, expect, it } from 'vitest'
import { parseAnswerHead } from './answer-head.ts'

describe('the head of an answer', () => {
  it('says status, headers, length and whether the connection stays', () => {
    const head = parseAnswerHead(
      'HTTP/1.1 206 Partial Content\r\nContent-Length: 10\r\nCONTENT-RANGE:bytes 0-9/99 \r\nEmpty:',
    )
    expect(head).toMatchObject({ status: 206, body: 10, keepsAlive: true })
    expect(head?.headers.get('content-range')).toBe('bytes 0-9/99')
    expect(head?.headers.get('empty')).toBe('')
  })

  it.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: Close', 1],
    ['HTTP/1.0 200 OK\r\nContent-Length: 1', 1],
    ['HTTP/1.1 503\r\nTransfer-Encoding: chunked\r\nContent-Length: 1', 'chunked'],
    ['HTTP/1.1 503 \r\nServer: x', 'until-close'],
  ])('ends the connection after %j', (text, body) => {
    expect(parseAnswerHead(text)).toMatchObject({ body, keepsAlive: false })
  })

  it.each([
    '',
    'GET / HTTP/1.1',
    'HTTP/2 200',
    'HTTP/1.1 200 OK\r\nno header',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2',
    'HTTP/1.1 200 OK\r\nContent-Length: -1',
    'HTTP/1.1 200 OK\r\nContent-Length: 0x10',
  ])('is not %j', (text) => {
    expect(parseAnswerHead(text)).toBeUndefined()
  })
})
