import net from 'node:net'
import tls from 'node:tls'
import type { BufferPool } from '../buffer-pool.ts'
import { AnswerBody } from './answer-body.ts'
import { type AnswerHead, parseAnswerHead } from './answer-head.ts'
import { S3CallFailed } from './s3-errors.ts'

/** More than any S3 sends before a body. */
const HEAD_BYTES = 16 * 1024

/** An idle connection is closed after so long, in milliseconds: before most servers close it. */
const IDLE_MS = 4000

export interface ReadTarget {
  readonly host: string
  readonly port: number
  /** Undefined for a connection without TLS. */
  readonly tls: { readonly ca: string[] | undefined } | undefined
  /** Milliseconds without a byte while one is waited for, after which the connection counts as dead. */
  readonly stall: number
  readonly pool: BufferPool
}

export interface Answer {
  readonly head: AnswerHead
  readonly body: AnswerBody
}

/** Who waits for the head of an answer. */
interface Asked {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

interface Watcher {
  /** The connection can take another request. */
  readonly idle: (connection: ReadConnection) => void
  /** It never can again. */
  readonly over: (connection: ReadConnection) => void
}

/**
 * A connection for GETs, one after the other. Its socket fills memory that is used again, as much at a time as has come.
 * With node:http each 64 KiB are memory of their own, copied once more, and handed on in a turn of their own: three to
 * four times the processor time (docs/decisions/045).
 */
export class ReadConnection {
  readonly #target: ReadTarget
  readonly #watcher: Watcher
  readonly #socket: net.Socket
  readonly #timer: NodeJS.Timeout
  readonly #head = Buffer.allocUnsafeSlow(HEAD_BYTES)
  #headLength = 0
  #asked: Asked | undefined
  #body: AnswerBody | undefined
  #keepsAlive = true
  #failure: S3CallFailed | undefined

  constructor(target: ReadTarget, watcher: Watcher) {
    this.#target = target
    this.#watcher = watcher
    this.#timer = setTimeout(() => this.#checkStall(), target.stall).unref()
    this.#socket = this.#connect()
    this.#socket.on('timeout', () => this.#socket.destroy())
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#failure ??= new S3CallFailed(error.code ?? error.name, undefined, error)
    })
    this.#socket.on('close', () => this.#over())
  }

  /** Sends a request that has no body. Rejects with S3CallFailed when no answer comes. */
  ask(request: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(this.#failure ?? new S3CallFailed('ECONNRESET', undefined))
        return
      }
      this.#asked = { resolve, reject }
      this.#socket.ref()
      this.#socket.setTimeout(0)
      this.#timer.refresh()
      this.#socket.write(request, 'latin1')
    })
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #connect(): net.Socket {
    const { host, port, tls: secure } = this.#target
    const onread = { buffer: () => this.#space(), callback: (count: number) => this.#take(count) }
    const options = { host, port, noDelay: true, keepAlive: true, onread }
    if (secure === undefined) return net.connect(options)
    const servername = net.isIP(host) === 0 ? host : ''
    return tls.connect({ ...options, servername, ...(secure.ca && { ca: secure.ca }) })
  }

  /** Where the socket puts what comes next. */
  #space(): Buffer {
    return this.#body?.space() ?? this.#head.subarray(this.#headLength)
  }

  /** So many bytes have come; false to stop for now. */
  #take(count: number): boolean {
    this.#timer.refresh()
    if (this.#body === undefined) this.#takeHead(count)
    else this.#takeBody(this.#body, count)
    return this.#body === undefined || !this.#body.isFull
  }

  #takeHead(count: number): void {
    this.#headLength += count
    const bytes = this.#head.subarray(0, this.#headLength)
    const end = bytes.indexOf('\r\n\r\n')
    if (end < 0 && bytes.length < HEAD_BYTES && this.#asked !== undefined) return
    const head = end < 0 ? undefined : parseAnswerHead(bytes.toString('latin1', 0, end))
    if (this.#asked === undefined || head === undefined)
      this.#break(new S3CallFailed('an answer that is not HTTP', undefined))
    else this.#begin(this.#asked, head, bytes.subarray(end + 4))
  }

  #begin(asked: Asked, head: AnswerHead, rest: Buffer): void {
    const body = new AnswerBody(head.body, this.#target.pool, {
      resume: () => this.#socket.resume(),
      wait: () => this.#timer.refresh(),
      abandon: () => this.#socket.destroy(),
    })
    this.#asked = undefined
    this.#headLength = 0
    this.#body = body
    this.#keepsAlive = head.keepsAlive
    const taken = body.isWhole ? 0 : rest.copy(body.space())
    asked.resolve({ head, body })
    if (taken < rest.length) this.#break(new S3CallFailed('more bytes than the answer has', undefined))
    else this.#takeBody(body, taken)
  }

  #takeBody(body: AnswerBody, count: number): void {
    if (count > 0) body.fill(count)
    if (!body.isWhole) return
    this.#body = undefined
    if (this.#keepsAlive) {
      this.#socket.unref()
      this.#socket.setTimeout(IDLE_MS)
      this.#watcher.idle(this)
    } else this.#socket.destroy()
  }

  /** A client that reads slowly is no fault of S3: only who waits for bytes makes the time count. */
  #checkStall(): void {
    if (this.#asked !== undefined) this.#break(new S3CallFailed('no answer', undefined))
    else if (this.#body?.isAwaited === true) this.#break(new S3CallFailed('no more bytes came', undefined))
  }

  #break(failure: S3CallFailed): void {
    this.#failure ??= failure
    this.#socket.destroy()
  }

  #over(): void {
    clearTimeout(this.#timer)
    const failure = this.#failure ?? new S3CallFailed('ECONNRESET', undefined)
    this.#asked?.reject(failure)
    this.#asked = undefined
    this.#body?.end(failure)
    this.#watcher.over(this)
  }
}
