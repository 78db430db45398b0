import http from 'node:http'
import { pipeline } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** One call to S3 as it passed. */
export interface S3Call {
  method: string
  /** Path and query. */
  path: string
}

/** What becomes of a call: it passes, waits for so many ms, is answered 503 SlowDown, or its connection is cut. */
export type Treatment = 'pass' | 'slow-down' | 'cut' | { readonly delay: number }

/** Stands before a real S3, changes nothing that passes (Host included, which is signed), counts and spoils calls. */
export class S3Proxy {
  readonly #server: http.Server
  readonly #agent = new http.Agent({ keepAlive: true })
  readonly #upstream: URL
  #calls: S3Call[] = []
  /** Decides about each call; every one passes without it. */
  treat: ((call: S3Call) => Treatment) | undefined

  private constructor(server: http.Server, upstream: string) {
    this.#server = server
    this.#upstream = new URL(upstream)
    server.requestTimeout = 0
    server.on('request', (request, response) => void this.#take(request, response))
  }

  /** Listens on a free loopback port. */
  static async start(upstream: string): Promise<S3Proxy> {
    const server = http.createServer()
    const proxy = new S3Proxy(server, upstream)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    return proxy
  }

  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen')
    return `http://127.0.0.1:${address.port}`
  }

  /** All calls since the last call; forgets them. */
  take(): S3Call[] {
    const taken = this.#calls
    this.#calls = []
    return taken
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#agent.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  async #take(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const call = { method: request.method ?? '', path: request.url ?? '' }
    this.#calls.push(call)
    const treatment = this.treat?.(call) ?? 'pass'
    if (treatment === 'cut') request.socket.destroy()
    else if (treatment === 'slow-down') slowDown(request, response)
    else {
      if (treatment !== 'pass') await sleep(treatment.delay)
      this.#forward(request, response)
    }
  }

  #forward(request: http.IncomingMessage, response: http.ServerResponse): void {
    const onward = http.request({
      host: this.#upstream.hostname,
      port: this.#upstream.port,
      method: request.method,
      path: request.url,
      headers: request.rawHeaders,
      agent: this.#agent,
    })
    pipeline(request, onward, (error) => {
      if (error) onward.destroy()
    })
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      pipeline(answer, response, (error) => {
        if (error) response.destroy()
      })
    })
    // As without the proxy: a store that is gone breaks the connection.
    onward.on('error', () => response.destroy())
    response.on('close', () => {
      if (!response.writableFinished) onward.destroy()
    })
  }
}

/** What Amazon says when too much is asked of a prefix. */
function slowDown(request: http.IncomingMessage, response: http.ServerResponse): void {
  request.resume()
  request.on('end', () => {
    response.writeHead(503, { 'content-type': 'application/xml' })
    response.end(
      '<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>',
    )
  })
  request.on('error', () => response.destroy())
}
