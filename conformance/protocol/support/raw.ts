import net from 'node:net'
import { Reply } from './wire.ts'

/** One byte-exact conversation: what the client writes and what it gets back. */
export class RawConnection {
  readonly #socket: net.Socket
  #received: Buffer = Buffer.alloc(0)
  #ended = false
  #error: Error | undefined
  #wake: () => void = () => undefined

  private constructor(socket: net.Socket) {
    this.#socket = socket
    socket.on('data', (data: Buffer) => {
      this.#received = Buffer.concat([this.#received, data])
      this.#wake()
    })
    socket.on('end', () => {
      this.#ended = true
      this.#wake()
    })
    socket.on('error', (error) => {
      this.#error = error
      this.#wake()
    })
    socket.on('close', () => {
      this.#ended = true
      this.#wake()
    })
  }

  static async open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url)
    return new Promise((resolve, reject) => {
      const socket = net.connect(Number(port), hostname)
      socket.once('connect', () => resolve(new RawConnection(socket)))
      socket.once('error', reject)
    })
  }

  /** Writes text or bytes; lines of a head end in CRLF. */
  write(bytes: string | Uint8Array): boolean {
    return this.#socket.write(bytes)
  }

  /** Stops taking bytes from the socket until `resume`. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Whether the connection is over, or broken. */
  get over(): boolean {
    return this.#ended || this.#error !== undefined
  }

  /** Hangs up without a word, as a client does that was killed. */
  destroy(): void {
    this.#socket.destroy()
  }

  /** Waits for the next whole answer. Throws when the connection ends or breaks first, or after 15 s. */
  async reply(): Promise<Reply> {
    const until = performance.now() + 15_000
    for (;;) {
      const parsed = takeReply(this.#received, this.#ended)
      if (parsed !== undefined) {
        this.#received = parsed.rest
        return parsed.reply
      }
      if (this.#error !== undefined)
        throw new Error(`the connection broke before an answer: ${this.#error.message}`)
      if (this.#ended)
        throw new Error(
          `the connection ended before an answer: ${this.#received.toString('latin1').slice(0, 200)}`,
        )
      await this.#change(until)
    }
  }

  /** Waits until the server ends the connection; throws after `milliseconds`. */
  async closed(milliseconds: number): Promise<void> {
    const until = performance.now() + milliseconds
    while (!this.over) await this.#change(until)
  }

  /** Resolves when something happened on the socket; rejects at `until`. */
  #change(until: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('nothing happened in time')), until - performance.now())
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** A request head: lines joined with CRLF and the empty line at the end. */
export function head(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** Sends one head (with `Connection: close`) and reads the answer. */
export async function askRaw(url: string, ...lines: string[]): Promise<Reply> {
  const connection = await RawConnection.open(url)
  try {
    connection.write(head(...lines, 'Host: registry.test', 'Connection: close'))
    return await connection.reply()
  } finally {
    connection.destroy()
  }
}

function takeReply(bytes: Buffer, ended: boolean): { reply: Reply; rest: Buffer } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1])
  const headers = new Map<string, string[]>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()])
  }
  const body = bytes.subarray(end + 4)
  const size = bodySize(status, headers, body, ended)
  if (size === undefined) return undefined
  return { reply: new Reply(status, headers, Buffer.from(body.subarray(0, size))), rest: body.subarray(size) }
}

/** Bytes of the body that follow, as they stand on the wire; undefined while they are not all there. */
function bodySize(
  status: number,
  headers: Map<string, string[]>,
  body: Buffer,
  ended: boolean,
): number | undefined {
  if (status < 200 || status === 204 || status === 304) return 0
  const length = headers.get('content-length')?.[0]
  if (length !== undefined) return body.length >= Number(length) ? Number(length) : undefined
  if (headers.get('transfer-encoding')?.[0] === 'chunked') {
    const last = body.indexOf('0\r\n\r\n')
    return last < 0 ? undefined : last + 5
  }
  return ended ? body.length : undefined
}
