import http from 'node:http'
import { pipeline } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { listen, portOf } from '../servers/loopback.ts'

/** One call to S3 as it passed. */
export interface S3Call {
  method: string
  /** Path and query. */
  path: string
  headers: http.IncomingHttpHeaders
}

/**
 * What becomes of a call: it passes, waits for so many ms, is answered 503 SlowDown or 500, or its connection is cut:
 * at once, when its answer is there (it had its effect), or after so many bytes of the answer. `refuse` answers what S3
 * would say; `lie` answers 200 and passes nothing on.
 */
export type Treatment =
  | 'pass'
  | 'slow-down'
  | 'error'
  | 'cut'
  | 'lose-answer'
  | { readonly delay: number }
  | { readonly cutAfter: number }
  | { readonly refuse: { readonly status: number; readonly code: string } }
  | 'lie'

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
    await listen(server)
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.#server)}`
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
    const call = { method: request.method ?? '', path: request.url ?? '', headers: request.headers }
    this.#calls.push(call)
    const treatment = this.treat?.(call) ?? 'pass'
    if (treatment === 'cut') request.socket.destroy()
    else if (treatment === 'slow-down') refuse(request, response, { status: 503, code: 'SlowDown' })
    else if (treatment === 'error') refuse(request, response, { status: 500, code: 'InternalError' })
    else if (treatment === 'lie') lie(request, response)
    else if (typeof treatment === 'object' && 'refuse' in treatment)
      refuse(request, response, treatment.refuse)
    else if (treatment === 'lose-answer') this.#forward(request, response, 0)
    else {
      if (typeof treatment === 'object' && 'delay' in treatment) await sleep(treatment.delay)
      const cut = typeof treatment === 'object' && 'cutAfter' in treatment ? treatment.cutAfter : undefined
      this.#forward(request, response, cut)
    }
  }

  /** Passes a call on; `cutAfter` is how many bytes of the answer's body come back before the connection breaks. */
  #forward(request: http.IncomingMessage, response: http.ServerResponse, cutAfter?: number): void {
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
      if (cutAfter !== undefined) return cutAnswer(answer, response, cutAfter)
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

/** S3 did what was asked and its answer is read here; the caller gets so many bytes of it. */
function cutAnswer(answer: http.IncomingMessage, response: http.ServerResponse, bytes: number): void {
  let left = bytes
  if (bytes > 0) response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
  answer.on('data', (chunk: Buffer) => {
    if (left > 0) response.write(chunk.subarray(0, left))
    left -= chunk.length
    if (left <= 0 && bytes > 0) response.destroy()
  })
  answer.on('end', () => response.destroy())
  answer.on('error', () => response.destroy())
}

/** Reads the request to its end and refuses it, in the words of Amazon. */
function refuse(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  { status, code }: { readonly status: number; readonly code: string },
): void {
  request.resume()
  request.on('end', () => {
    response.writeHead(status, { 'content-type': 'application/xml' })
    response.end(
      `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>Please reduce your request rate.</Message></Error>`,
    )
  })
  request.on('error', () => response.destroy())
}

/** Reads the request to its end and says what whoever sent it wants to hear. */
function lie(request: http.IncomingMessage, response: http.ServerResponse): void {
  request.resume()
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/xml', etag: '"e"' })
    response.end('<?xml version="1.0" encoding="UTF-8"?><Result><ETag>"e"</ETag></Result>')
  })
  request.on('error', () => response.destroy())
}
