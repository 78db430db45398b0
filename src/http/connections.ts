import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { UnendedHeads } from './unended-heads.ts'
import { UnreadAnswers } from './unread-answers.ts'

/** Requests on one connection that have no answer yet; nobody who means well sends so many before it reads one. */
const MOST_UNANSWERED = 100

/** Bytes of ended answers that may wait for clients to read on. */
const MOST_UNREAD = 64 * 1024 * 1024

/** Bytes of heads that have begun and do not end, and how often they are counted, in milliseconds. */
const MOST_UNENDED = 64 * 1024 * 1024
const HEADS_MS = 1000

/** What connections that were cut held too much of. */
type Cut = 'unread' | 'unended'

/** The connections of a server and the answers under way on them, so that a stop can tell the idle from the busy. */
export class Connections {
  readonly #answers = new WeakMap<Duplex, ServerResponse[]>()
  /** Those that are to say something else behind their answers. */
  readonly #ending = new WeakSet<Duplex>()
  /** As requests see them: the TLS side of a TLS connection. */
  readonly #sockets = new Set<Socket>()
  /** As the network sees them: a TLS handshake that never ends is known here only. */
  readonly #raw = new Set<Socket>()
  readonly #unread: UnreadAnswers
  readonly #heads: UnendedHeads
  #closing = false

  /**
   * `onCut` is told of each connection that is closed because too much waits for clients that do not read, or that do not
   * end the heads of their requests.
   */
  constructor(server: Server, tls: boolean, onCut: (why: Cut) => void) {
    this.#unread = new UnreadAnswers(MOST_UNREAD, () => onCut('unread'))
    this.#heads = new UnendedHeads(MOST_UNENDED, () => onCut('unended'))
    const looking = setInterval(() => this.#heads.look(this.#sockets), HEADS_MS).unref()
    server.on('close', () => clearInterval(looking))
    server.on('connection', (socket: Socket) => remember(this.#raw, socket))
    server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
      remember(this.#sockets, socket)
      if (this.#closing) socket.destroySoon()
    })
  }

  /** Whether part of an answer has left on `socket`, and not all of it. */
  isAnswering(socket: Duplex): boolean {
    return this.#answers.get(socket)?.some(({ headersSent }) => headersSent) === true
  }

  /**
   * To be called for every request. Has it handled when those before it on its connection are answered: else a few bytes
   * of requests, with nobody who reads the answers, would have a thousand answers wait in memory.
   */
  take(request: IncomingMessage, response: ServerResponse, handle: () => void): void {
    const { socket } = request
    this.#heads.ended(request, response)
    const active = this.#answers.get(socket) ?? []
    const before = active.at(-1)
    if (before === undefined) this.#answers.set(socket, active)
    active.push(response)
    this.#unread.watch(socket, response)
    if (this.#closing) response.setHeader('connection', 'close')
    response.on('close', () => {
      active.splice(active.indexOf(response), 1)
      if (this.#closing && active.length === 0) socket.destroySoon()
    })
    if (active.length > MOST_UNANSWERED) socket.destroy()
    else if (before === undefined) handle()
    else
      before.once('close', () => {
        if (!socket.destroyed) handle()
      })
  }

  /**
   * Runs `work`, once, when the whole requests that came before it on `socket` are answered: RFC 9112 §9.3.2, "it MUST
   * send the corresponding responses in the same order that the requests were received".
   */
  whenAnswered(socket: Duplex, work: () => void): void {
    if (this.#ending.has(socket)) return
    const active = this.#answers.get(socket) ?? []
    const last = active.at(-1)
    if (!socket.writable || last === undefined || active.some(({ req }) => !req.complete)) {
      work()
      return
    }
    this.#ending.add(socket)
    last.once('close', work)
  }

  /** Closes connections that have no answer under way, now and as the others get done. */
  closeWhenIdle(): void {
    this.#closing = true
    for (const socket of this.#sockets) {
      const active = this.#answers.get(socket) ?? []
      if (active.length === 0) socket.destroySoon()
      for (const response of active) if (!response.headersSent) response.setHeader('connection', 'close')
    }
  }

  /** Cuts every connection, whatever goes on there. Returns how many there were. */
  destroyAll(): number {
    const count = this.#raw.size
    for (const socket of this.#raw) socket.destroy()
    return count
  }
}

function remember(set: Set<Socket>, socket: Socket): void {
  set.add(socket)
  socket.once('close', () => set.delete(socket))
}
