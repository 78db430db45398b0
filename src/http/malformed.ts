import type { Duplex } from 'node:stream'
import { systemCode } from '../system-code.ts'
import { http } from './node-http.ts'

/** Status, and what was wrong, by the code of Node's parser; anything else is a plain 400. */
const REASONS: Readonly<Record<string, readonly [status: number, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'the header of the request is longer than this server takes'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [
    413,
    'the chunk extensions of the request are longer than this server takes',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the header of the request did not arrive in time'],
}

/** Answers what is no HTTP request, in the form of every other failure, and closes the connection. */
export function answerMalformed(error: Error, socket: Duplex, isAnswering: boolean): void {
  const code = systemCode(error) ?? ''
  // RFC 9112 §9.6: what comes behind a request with `Connection: close` is not read; its answer closes.
  if (code === 'HPE_CLOSED_CONNECTION') return
  // Inside a running answer a second one would be read as part of it.
  if (code === 'ECONNRESET' || !socket.writable || isAnswering) {
    socket.destroy()
    return
  }
  const [status, message] = REASONS[code] ?? [400, 'the request is not valid HTTP']
  answerAndClose(socket, status, message)
}

/** CONNECT asks for a tunnel (RFC 9110 §9.3.6), and this server is no proxy; Node would close without a word. */
export function refuseTunnel(socket: Duplex): void {
  answerAndClose(socket, 405, 'this is a registry and no proxy: CONNECT is not answered here')
}

function answerAndClose(socket: Duplex, status: number, message: string): void {
  const body = JSON.stringify({ errors: [{ code: 'UNSUPPORTED', message }] })
  socket.end(
    [
      `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ''}`,
      'Connection: close',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  )
}
