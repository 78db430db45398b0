import http from 'node:http'
import { breaches } from './foundations.ts'
import { type Ask, Reply } from './wire.ts'

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
      throw new Error(
        `${ask.method ?? 'GET'} ${ask.path.slice(0, 200)} → ${reply.status}: ${broken.join('; ')}\n${reply.text.slice(0, 500)}`,
      )
    return reply
  }

  async get(path: string, headers: Ask['headers'] = {}): Promise<Reply> {
    return this.ask({ path, headers })
  }

  async head(path: string, headers: Ask['headers'] = {}): Promise<Reply> {
    return this.ask({ method: 'HEAD', path, headers })
  }

  async post(path: string, body: string | Uint8Array = '', headers: Ask['headers'] = {}): Promise<Reply> {
    return this.ask({ method: 'POST', path, headers, body })
  }

  async patch(path: string, body: string | Uint8Array, headers: Ask['headers'] = {}): Promise<Reply> {
    return this.ask({ method: 'PATCH', path, headers, body })
  }

  async put(path: string, body: string | Uint8Array = '', headers: Ask['headers'] = {}): Promise<Reply> {
    return this.ask({ method: 'PUT', path, headers, body })
  }

  async delete(path: string): Promise<Reply> {
    return this.ask({ method: 'DELETE', path })
  }

  /** A request with a JSON body. */
  async sendJson(method: string, path: string, value: unknown, more: Ask['headers'] = {}): Promise<Reply> {
    const headers = { 'content-type': 'application/json', ...more }
    return this.ask({ method, path, headers, body: JSON.stringify(value) })
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
        response.on('end', () =>
          resolve(
            new Reply(response.statusCode ?? 0, headerLines(response.rawHeaders), Buffer.concat(parts)),
          ),
        )
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
