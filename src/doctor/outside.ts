import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { getCACertificates } from 'node:tls'

/** An answer as a client sees it. */
export interface Seen {
  readonly status: number
  readonly headers: IncomingMessage['headers']
}

const PATIENCE_MS = 10_000

/**
 * Asks as a client would, with nothing of the server's own knowledge: by name, through whatever proxy is in front, with
 * the authorities of this machine and `authority` (PEM). No body is sent, whatever Content-Length says.
 */
export function ask(
  url: URL,
  options: {
    readonly method?: string
    readonly headers?: OutgoingHttpHeaders
    readonly authority?: string | undefined
  } = {},
): Promise<Seen> {
  const { method = 'GET', headers = {}, authority } = options
  const tls = url.protocol === 'https:'
  return new Promise((resolve, reject) => {
    const sent = (tls ? httpsRequest : httpRequest)(url, {
      method,
      headers,
      agent: false,
      timeout: PATIENCE_MS,
      ...(tls && { ca: authorities(authority) }),
    })
    sent.on('response', (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers })
      sent.destroy()
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)))
    // After an answer it is ours: we hung up.
    sent.on('error', reject)
    sent.flushHeaders()
    if (headers['content-length'] === undefined) sent.end()
  })
}

function authorities(own: string | undefined): string[] {
  return [
    ...getCACertificates('default'),
    ...getCACertificates('system'),
    ...(own === undefined ? [] : [own]),
  ]
}
