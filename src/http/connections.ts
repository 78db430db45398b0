import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The connections of a server and the answers under way on them, so that a stop can tell the idle from the busy. */
export class Connections {
  readonly #responses = new Map<Socket, Set<ServerResponse>>()
  /** Below TLS too: a handshake that never ends is a connection that only this set knows. */
  readonly #raw = new Set<Socket>()
  #closing = false

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#raw.add(socket)
      socket.once('close', () => this.#raw.delete(socket))
    })
  }

  /** Whether the head of an answer has been sent on `socket` that has not ended. */
  isAnswering(socket: Socket): boolean {
    return [...(this.#responses.get(socket) ?? [])].some(({ headersSent }) => headersSent)
  }

  /** To be called for every request before it is handled. */
  track(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    const active = this.#responses.get(socket) ?? new Set()
    if (active.size === 0) this.#responses.set(socket, active)
    active.add(response)
    if (this.#closing) response.setHeader('connection', 'close')
    response.once('close', () => {
      active.delete(response)
      if (active.size > 0) return
      this.#responses.delete(socket)
      if (this.#closing) socket.destroySoon()
    })
  }

  /** Closes connections that have no answer under way, now and as the others get done. */
  closeWhenIdle(idle: Server): void {
    this.#closing = true
    for (const responses of this.#responses.values())
      for (const response of responses) if (!response.headersSent) response.setHeader('connection', 'close')
    idle.closeIdleConnections()
  }

  /** Cuts every connection, whatever goes on there. */
  destroyAll(): void {
    for (const socket of this.#raw) socket.destroy()
  }
}
