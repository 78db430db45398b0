import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { Connections } from './connections.ts'
import { continueWhenRead } from './continue.ts'
import { answerMalformed, refuseTunnel } from './malformed.ts'
import { http } from './node-http.ts'
import { toOriginForm } from './request-target.ts'
import { joinSmallPieces } from './small-pieces.ts'
import type { TlsPair } from './tls-files.ts'

export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void

export type Limits = Pick<Config, 'maxConnections' | 'headerTimeout' | 'stallTimeout' | 'idleTimeout'>

/** podman asks for a thousand ranges in one header of 20 KiB; Node's own limit is 16. */
const HEADER_BYTES = 128 * 1024
const CUT = {
  unread: 'answers were cut: clients that do not read theirs held too much memory',
  unended: 'connections were cut: clients that do not end the heads of their requests held too much memory',
} as const
/** How often headers are looked at for being late, in milliseconds. */
const HEADER_CHECK_MS = 5_000
/** Connections that are refused or cut are logged once in so many milliseconds. */
const LOG_MS = 60_000

/** A server that does not listen yet, with its limits. */
export interface Listener {
  readonly server: Server | HttpsServer
  readonly connections: Connections
}

export interface ListenerParts {
  readonly limits: Limits
  readonly handler: RequestListener
  readonly log: Logger
  /** Given: HTTPS. */
  readonly tls?: TlsPair | undefined
}

/**
 * HTTP/1.1, over TLS when there is a certificate. HTTP/2 was measured for blobs and is slower both ways (827 against
 * 925 MB/s down, 496 against 581 up), and every client speaks both.
 */
export function createListener({ limits, handler, log, tls }: ListenerParts): Listener {
  const options = {
    maxHeaderSize: HEADER_BYTES,
    headersTimeout: limits.headerTimeout,
    connectionsCheckingInterval: Math.min(HEADER_CHECK_MS, limits.headerTimeout),
    // A layer may take hours; what does not move is cut by the stall timeout below.
    requestTimeout: 0,
    // Refused in the form of every other failure instead.
    requireHostHeader: false,
    keepAliveTimeout: limits.idleTimeout,
    // Most requests have no body; what would read it costs as much as the head.
    optimizeEmptyRequests: true,
  }
  const server = tls
    ? process
        .getBuiltinModule('node:https')
        .createServer({ ...options, ...tls, handshakeTimeout: limits.headerTimeout })
    : http.createServer(options)
  // A client may shut its sending side behind its request and wait for the answer, as `nc -N` and health checks do. Node
  // has no better name for that. Who is gone altogether is noticed by the first byte of an answer, or as stalled.
  Object.assign(server, { httpAllowHalfOpen: true })
  server.timeout = limits.stallTimeout
  server.maxConnections = limits.maxConnections
  const connections = new Connections(
    server,
    tls !== undefined,
    nowAndThen((why) => log.warn(CUT[why])),
  )
  const handle: RequestListener = (request, response) => {
    toOriginForm(request)
    joinSmallPieces(request)
    connections.take(request, response, () => handler(request, response))
  }
  server.on('request', handle)
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    continueWhenRead(request, response)
    handle(request, response)
  })
  // RFC 9110 §10.1.1 lets a server refuse or ignore what it does not know.
  server.on('checkExpectation', handle)
  server.on('clientError', (error, socket) =>
    connections.whenAnswered(socket, () => answerMalformed(error, socket, connections.isAnswering(socket))),
  )
  server.on('connect', (_, socket) => refuseTunnel(socket))
  server.on(
    'drop',
    nowAndThen(() =>
      log.warn(
        { limit: limits.maxConnections },
        'connections are refused: LAMINA_MAX_CONNECTIONS is reached',
      ),
    ),
  )
  return { server, connections }
}

function nowAndThen<What extends unknown[]>(warn: (...what: What) => void): (...what: What) => void {
  let next = 0
  return (...what) => {
    if (Date.now() < next) return
    next = Date.now() + LOG_MS
    warn(...what)
  }
}
