import { readFile } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { pipeline, Transform } from 'node:stream'
import type { Certificates } from './certificates.ts'
import { listen, portOf } from './loopback.ts'

/** One request as it crossed the wire; bytes are those of the bodies, counted while they pass. */
export interface Exchange {
  method: string
  /** Path and query as sent. */
  path: string
  status: number
  sent: number
  received: number
  /** The answer's Location, '' without one. */
  location: string
}

/** Where a proxy listens and what it stands before. */
export interface ProxyOptions {
  upstream: string
  tls?: Certificates
}

/** A reverse proxy that changes nothing (Host included) and counts everything; bodies stream with back-pressure. */
export class RecordingProxy {
  readonly #upstream: URL
  readonly #server: http.Server | https.Server
  readonly #agent: http.Agent
  #exchanges: Exchange[] = []
  /** Called with each exchange as bytes of its request body pass; kill scenarios hook in here. */
  onBody: ((exchange: Exchange) => void) | undefined

  private constructor(upstream: URL, server: http.Server | https.Server) {
    this.#upstream = upstream
    this.#server = server
    const secure = upstream.protocol === 'https:'
    // The proxy proves bytes, not the upstream's identity; the client checks the certificate that the proxy shows it.
    this.#agent = secure
      ? new https.Agent({ keepAlive: true, rejectUnauthorized: false })
      : new http.Agent({ keepAlive: true })
    server.on('request', (request, response) => this.#forward(request, response))
    // A docker push of a large layer may well take longer than Node's five minutes.
    server.requestTimeout = 0
  }

  /** Starts a proxy on a free port. */
  static async start(options: ProxyOptions): Promise<RecordingProxy> {
    const server = options.tls
      ? https.createServer({ cert: await readFile(options.tls.cert), key: await readFile(options.tls.key) })
      : http.createServer()
    const proxy = new RecordingProxy(new URL(options.upstream), server)
    await listen(server)
    return proxy
  }

  get port(): number {
    return portOf(this.#server)
  }

  /** All exchanges since the last call; forgets them. */
  take(): Exchange[] {
    const taken = this.#exchanges
    this.#exchanges = []
    return taken
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#agent.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #forward(request: http.IncomingMessage, response: http.ServerResponse): void {
    const exchange: Exchange = {
      method: request.method ?? '',
      path: request.url ?? '',
      status: 0,
      sent: 0,
      received: 0,
      location: '',
    }
    this.#exchanges.push(exchange)
    const { request: send } = this.#upstream.protocol === 'https:' ? https : http
    const onward = send({
      host: this.#upstream.hostname,
      port: this.#upstream.port,
      method: request.method,
      path: request.url,
      headers: request.rawHeaders,
      agent: this.#agent,
    })
    const count = new Transform({
      transform: (chunk: Buffer, _encoding, next) => {
        exchange.sent += chunk.length
        this.onBody?.(exchange)
        next(undefined, chunk)
      },
    })
    // Errors of either side end the other one; the client's own failure is what a scenario sees and reports.
    pipeline(request, count, onward, (error) => {
      if (error) onward.destroy()
    })
    onward.on('response', (answer) => relay(answer, response, exchange))
    onward.on('error', () => refuse(response, exchange))
    response.on('close', () => {
      if (!response.writableFinished) onward.destroy()
    })
  }
}

function relay(answer: http.IncomingMessage, response: http.ServerResponse, exchange: Exchange): void {
  exchange.status = answer.statusCode ?? 0
  exchange.location = answer.headers.location ?? ''
  response.writeHead(exchange.status, answer.rawHeaders)
  answer.on('data', (chunk: Buffer) => {
    exchange.received += chunk.length
  })
  pipeline(answer, response, (error) => {
    if (error) response.destroy()
  })
}

function refuse(response: http.ServerResponse, exchange: Exchange): void {
  exchange.status ||= 502
  if (response.headersSent) response.destroy()
  else response.writeHead(502, { connection: 'close' }).end()
}
