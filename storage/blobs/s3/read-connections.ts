import type { TraceContext } from '../../trace-context.ts'
import type { BufferPool } from '../buffer-pool.ts'
import type { AnswerHead } from './answer-head.ts'
import { type Answer, ReadConnection, type ReadTarget } from './read-connection.ts'
import { S3CallFailed } from './s3-errors.ts'

/** Connections that wait for the next read; more are closed. */
const MOST_IDLE = 64

/** An answer whose body has not been read yet. */
export interface ObjectAnswer extends Pick<AnswerHead, 'status' | 'headers'> {
  readonly body: AsyncIterable<Uint8Array>
  destroy(): void
}

export interface ReadOptions {
  /** `https://host[:port]` of every URL that is read. */
  readonly origin: string
  readonly ca: string[] | undefined
  readonly stall: number
  readonly pool: BufferPool
  /** What requests carry along; absent: nothing. */
  readonly traceparent?: TraceContext | undefined
}

/** Connections to one server, kept for the next read; as many as there are readers. */
export class ReadConnections {
  readonly #origin: URL
  readonly #traceparent: TraceContext | undefined
  readonly #target: ReadTarget
  readonly #open = new Set<ReadConnection>()
  /** The one used last is at the end. */
  #idle: ReadConnection[] = []

  constructor({ origin, ca, stall, pool, traceparent }: ReadOptions) {
    this.#traceparent = traceparent
    this.#origin = new URL(origin)
    const { hostname, port, protocol } = this.#origin
    const secure = protocol === 'https:'
    this.#target = {
      host: hostname.replaceAll(/[[\]]/g, ''),
      port: port === '' ? (secure ? 443 : 80) : Number(port),
      tls: secure ? { ca } : undefined,
      stall,
      pool,
    }
  }

  /** GET of a signed URL; `range` is the header's value. Rejects with S3CallFailed when no answer comes. */
  async get(url: string, range: string | undefined): Promise<ObjectAnswer> {
    const { host, origin } = this.#origin
    const head = [`GET ${url.slice(origin.length)} HTTP/1.1`, `Host: ${host}`]
    if (range !== undefined) head.push(`Range: ${range}`)
    const traceparent = this.#traceparent?.()
    if (traceparent !== undefined) head.push(`traceparent: ${traceparent}`)
    const { head: answer, body } = await this.#ask(`${head.join('\r\n')}\r\n\r\n`)
    return {
      status: answer.status,
      headers: answer.headers,
      body: body.chunks(),
      destroy: () => body.leave(),
    }
  }

  close(): void {
    for (const connection of this.#open) connection.destroy()
  }

  async #ask(request: string): Promise<Answer> {
    const kept = this.#idle.pop()
    if (kept === undefined) return this.#connect().ask(request)
    try {
      return await kept.ask(request)
    } catch (error) {
      // The server may have closed it while it waited: a new one tells.
      if (isClosed(error)) return this.#connect().ask(request)
      throw error
    }
  }

  #connect(): ReadConnection {
    const connection = new ReadConnection(this.#target, {
      idle: (one) => (this.#idle.length < MOST_IDLE ? this.#idle.push(one) : one.destroy()),
      over: (one) => {
        this.#open.delete(one)
        this.#idle = this.#idle.filter((other) => other !== one)
      },
    })
    this.#open.add(connection)
    return connection
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof S3CallFailed && ['ECONNRESET', 'EPIPE'].includes(error.code)
}
