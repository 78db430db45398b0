import http from 'node:http'
import { breaches } from './foundations.ts'

/** One request, as it goes on the wire: the path is not decoded, normalised or escaped. */
export interface Ask {
  /** GET when left out. */
  readonly method?: string
  readonly path: string
  /** An array sends the header once for each value. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** Sent with Content-Length. */
  readonly body?: string | Uint8Array
  /** Sent instead of `body`, chunked, without Content-Length. */
  readonly chunks?: readonly Uint8Array[]
}

/** What came back: headers by lower-case name, with every line of a repeated header. */
export class Reply {
  readonly status: number
  readonly headers: ReadonlyMap<string, readonly string[]>
  readonly body: Buffer

  constructor(status: number, headers: ReadonlyMap<string, readonly string[]>, body: Buffer) {
    this.status = status
    this.headers = headers
    this.body = body
  }

  /** The only line of a header; undefined when absent. Throws when it was sent twice. */
  header(name: string): string | undefined {
    const lines = this.headers.get(name) ?? []
    if (lines.length > 1) throw new Error(`header ${name} was sent ${lines.length} times: ${lines.join(' | ')}`)
    return lines[0]
  }

  /** Every line of a header, in order. */
  lines(name: string): readonly string[] {
    return this.headers.get(name) ?? []
  }

  get text(): string {
    return this.body.toString('utf8')
  }

  get json(): unknown {
    const value: unknown = JSON.parse(this.text)
    return value
  }
}

/** Sends requests through node:http, with one Authorization value, and holds each answer against P§0. */
export class Client {
  readonly url: string
  readonly authorization: string | undefined
  readonly #agent: http.Agent

  constructor(url: string, authorization?: string, agent?: http.Agent) {
    this.url = url
    this.authorization = authorization
    this.#agent = agent ?? new http.Agent({ keepAlive: true, maxSockets: 64 })
  }

  /** The same server asked with another Authorization header; undefined sends none. */
  as(authorization: string | undefined): Client {
    return new Client(this.url, authorization, this.#agent)
  }

  /** Sends, and throws when the answer breaks a rule that holds for every answer. */
  async ask(ask: Ask): Promise<Reply> {
    const reply = await this.#send(ask)
    const broken = breaches(ask, reply)
    if (broken.length > 0)
      throw new Error(`${ask.method ?? 'GET'} ${ask.path.slice(0, 200)} → ${reply.status}: ${broken.join('; ')}\n${reply.text.slice(0, 500)}`)
    return reply
  }

  async get(path: string, headers: Ask['headers'] = {}): Promise<Reply> {
    return await this.ask({ path, headers })
  }

  async head(path: string, headers: Ask['headers'] = {}): Promise<Reply> {
    return await this.ask({ method: 'HEAD', path, headers })
  }

  async post(path: string, body: string | Uint8Array = '', headers: Ask['headers'] = {}): Promise<Reply> {
    return await this.ask({ method: 'POST', path, headers, body })
  }

  async patch(path: string, body: string | Uint8Array, headers: Ask['headers'] = {}): Promise<Reply> {
    return await this.ask({ method: 'PATCH', path, headers, body })
  }

  async put(path: string, body: string | Uint8Array = '', headers: Ask['headers'] = {}): Promise<Reply> {
    return await this.ask({ method: 'PUT', path, headers, body })
  }

  async delete(path: string): Promise<Reply> {
    return await this.ask({ method: 'DELETE', path })
  }

  /** A request with a JSON body. */
  async sendJson(method: string, path: string, value: unknown): Promise<Reply> {
    const headers = { 'content-type': 'application/json' }
    return await this.ask({ method, path, headers, body: JSON.stringify(value) })
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy()
  }

  #send(ask: Ask): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(this.url)
      const request = http.request({
        agent: this.#agent,
        host: hostname,
        port,
        method: ask.method ?? 'GET',
        path: ask.path,
        headers: this.#headers(ask),
      })
      let answered = false
      request.on('response', (response) => {
        answered = true
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('error', reject)
        response.on('end', () => resolve(new Reply(response.statusCode ?? 0, headerLines(response.rawHeaders), Buffer.concat(parts))))
      })
      // A server that answers before the body is over may close: the answer counts, not the broken pipe.
      request.on('error', (error) => {
        if (!answered) reject(error)
      })
      for (const chunk of ask.chunks ?? []) request.write(chunk)
      request.end(ask.body)
    })
  }

  #headers(ask: Ask): http.OutgoingHttpHeaders {
    const headers: http.OutgoingHttpHeaders = {}
    if (this.authorization !== undefined) headers['authorization'] = this.authorization
    if (ask.chunks !== undefined) headers['transfer-encoding'] = 'chunked'
    else if (ask.body !== undefined) headers['content-length'] = Buffer.byteLength(ask.body)
    for (const [name, value] of Object.entries(ask.headers ?? {}))
      headers[name] = typeof value === 'string' ? value : [...value]
    return headers
  }
}

function headerLines(raw: readonly string[]): Map<string, string[]> {
  const lines = new Map<string, string[]>()
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase()
    lines.set(name, [...(lines.get(name) ?? []), raw[index + 1] ?? ''])
  }
  return lines
}
