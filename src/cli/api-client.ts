import type { IncomingMessage, RequestOptions } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { loadConfig } from '../config/load.ts'
import type { Environment } from '../config/sources.ts'
import { controlSocketPath, type ShortPath, shortSocketPath } from '../http/control-path.ts'
import { http } from '../http/node-http.ts'
import { whyOf } from '../system-code.ts'
import { readAuthority } from './authority.ts'
import { CommandError, Missing, Unreachable, UsageError } from './failures.ts'
import { readToken } from './given-token.ts'
import { jsonOrNothing } from './json-or-nothing.ts'

const TIMEOUT_MS = 60_000
/** A server may take long over a large layer before it reads on. */
const STREAM_TIMEOUT_MS = 600_000
const PAGE = 1000

const failure = z.object({
  errors: z.array(z.object({ code: z.string(), message: z.string().optional() })).min(1),
})

/** Where the server is and how to be let in. */
interface Door {
  readonly where: string
  readonly tls: boolean
  /** What helps when nobody answers. */
  readonly advice: string
  readonly options: RequestOptions
  readonly headers?: Readonly<Record<string, string>>
  /** The control socket, instead of a host. */
  readonly socket?: string
}

/** A request as the protocol has it: a body with a type of its own, or none. */
export interface ProtocolRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** What goes with a request; its body may be too large to be held. */
interface Sent {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | AsyncIterable<Uint8Array> | undefined
}

export interface ProtocolAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** Talks to /api/v1 of a running server. */
export class ApiClient {
  readonly #door: Door

  constructor(door: Door) {
    this.#door = door
  }

  /** Asks and checks the answer. Throws CommandError with the server's reason, or Unreachable. */
  async call<Schema extends z.ZodType>(
    schema: Schema,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<z.infer<Schema>> {
    const { body: bytes } = await this.ask({ method, path, ...jsonBody(body) })
    const value = jsonOrNothing(bytes.toString())
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    throw new CommandError(
      `The answer of ${this.#door.where} to ${method} ${path} makes no sense to this version of lamina. Is it a Lamina server of the same version?`,
    )
  }

  /** Asks as a client of the protocol does. Throws CommandError with the server's reason, for 404 Missing, or Unreachable. */
  async ask({ method, path, headers, body }: ProtocolRequest): Promise<ProtocolAnswer> {
    const length = body && { 'content-length': String(body.length) }
    const sent = { method, path, headers: { ...headers, ...length }, body }
    const answer = await send(this.#door, sent, TIMEOUT_MS)
    const { statusCode: status = 0 } = answer
    const bytes = await bytesOf(this.#door, answer)
    if (status < 400) return { status, headers: answer.headers, body: bytes }
    const why = reason(status, jsonOrNothing(bytes.toString()))
    throw status === 404 ? new Missing(why) : new CommandError(why)
  }

  /**
   * Sends a body while it is read, and gives an answer to be read as it comes. Throws CommandError with the server's
   * reason, or Unreachable.
   */
  async stream(method: string, path: string, sent: Sent = {}): Promise<IncomingMessage> {
    const answer = await send(this.#door, { method, path, ...sent }, STREAM_TIMEOUT_MS)
    const { statusCode = 0 } = answer
    if (statusCode < 400) return answer
    throw new CommandError(reason(statusCode, jsonOrNothing((await bytesOf(this.#door, answer)).toString())))
  }

  /** All pages of a list that the server keeps under `key`. */
  async list<Schema extends z.ZodType>(item: Schema, path: string, key: string): Promise<z.infer<Schema>[]> {
    const page = z.object({ [key]: z.array(item), next: z.string().optional() })
    const found: z.infer<Schema>[] = []
    const query = new URLSearchParams({ n: String(PAGE) })
    for (;;) {
      const answer: Record<string, unknown> = await this.call(page, 'GET', withQuery(path, query))
      found.push(...z.array(item).parse(answer[key]))
      if (typeof answer['next'] !== 'string') return found
      query.set('last', answer['next'])
    }
  }
}

/** `path` with more in its query. */
export function withQuery(path: string, query: URLSearchParams): string {
  return query.size === 0 ? path : `${path}${path.includes('?') ? '&' : '?'}${query.toString()}`
}

/** LAMINA_URL with LAMINA_TOKEN when set, else the control socket in the data directory of the configuration. */
export async function connect(environment: Environment, directory: string): Promise<ApiClient> {
  const url = environment['LAMINA_URL']
  return new ApiClient(
    await (url ? remoteDoor(url, environment, directory) : controlDoor(environment, directory)),
  )
}

async function remoteDoor(text: string, environment: Environment, directory: string): Promise<Door> {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/')
    throw new UsageError(
      `LAMINA_URL is "${text}"; it must be like https://registry.example:5000, without a path.`,
    )
  const token = await readToken(environment, directory)
  const authority = await readAuthority(environment)
  const options = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    ...(authority !== undefined && {
      ca: [...process.getBuiltinModule('node:tls').rootCertificates, authority],
    }),
  }
  const advice = 'LAMINA_URL says where the server is, LAMINA_CA which authority signed its certificate.'
  const headers = { authorization: `Bearer ${token}` }
  return { where: url.origin, tls: url.protocol === 'https:', advice, options, headers }
}

async function controlDoor(environment: Environment, directory: string): Promise<Door> {
  const { config } = await loadConfig(environment, directory)
  const where = controlSocketPath(config.data)
  const advice =
    'Start it with `lamina serve`, run this as the same user with the same LAMINA_DATA, or set LAMINA_URL and LAMINA_TOKEN to reach one elsewhere.'
  return { where, tls: false, advice, options: {}, socket: where }
}

function jsonBody(value: unknown): Pick<ProtocolRequest, 'headers' | 'body'> {
  const headers = { accept: 'application/json' }
  if (value === undefined) return { headers }
  return {
    headers: { ...headers, 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  }
}

async function openSocketPath(door: Door, path: string): Promise<ShortPath> {
  return shortSocketPath(path).catch((cause: unknown) => {
    throw unreachable(door, cause)
  })
}

function unreachable({ where, advice }: Door, cause: unknown): Unreachable {
  return new Unreachable(`No server answers at ${where} (${whyOf(cause)}). ${advice}`, { cause })
}

async function bytesOf(door: Door, response: IncomingMessage): Promise<Buffer> {
  return buffer(response).catch((cause: unknown) => {
    throw unreachable(door, cause)
  })
}

/** Sends a request and gives its answer, whose body is still to come. */
async function send(
  door: Door,
  { method, path, headers, body }: Sent & { readonly method: string; readonly path: string },
  timeout: number,
): Promise<IncomingMessage> {
  const short = door.socket === undefined ? undefined : await openSocketPath(door, door.socket)
  const options = {
    ...door.options,
    method,
    path,
    headers: { ...door.headers, ...headers },
    agent: false,
    timeout,
    ...(short && { socketPath: short.path }),
  }
  try {
    return await new Promise<IncomingMessage>((resolve, reject) => {
      const request = (door.tls ? process.getBuiltinModule('node:https') : http).request(options, resolve)
      request.on('timeout', () => request.destroy(new Error(`nothing moved for ${timeout / 1000} s`)))
      request.on('error', reject)
      // A server that has its answer may stop listening: the answer counts, not the broken pipe.
      if (body === undefined || body instanceof Uint8Array) request.end(body)
      else pipeline(body, request).catch(reject)
    })
  } catch (cause) {
    throw unreachable(door, cause)
  } finally {
    await short?.close()
  }
}

function reason(status: number, value: unknown): string {
  const parsed = failure.safeParse(value)
  const [first] = parsed.data?.errors ?? []
  return first === undefined
    ? `The server answered ${status}.`
    : `${first.message ?? first.code} (${first.code}, ${status})`
}
