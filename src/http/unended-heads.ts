import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** A connection, as far as it is looked at here. */
type Counted = Duplex & { readonly bytesRead: number }

interface LastRequest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** What the connection had read when it was here, or done with. */
  bytes: number
}

/**
 * Heads of requests that have begun and do not end. Bounded: Node keeps each, up to the size that a head may have, until the
 * time for it is over, and nobody has to sign in to send the half of one.
 */
export class UnendedHeads {
  readonly #most: number
  readonly #onCut: () => void
  readonly #last = new WeakMap<Counted, LastRequest>()

  /** `most`: bytes of all of them. `onCut` is told of each connection that is closed because there are more. */
  constructor(most: number, onCut: () => void) {
    this.#most = most
    this.#onCut = onCut
  }

  /** To be called for every request: its head is here. */
  ended(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    const last = { request, response, bytes: socket.bytesRead }
    this.#last.set(socket, last)
    // What was read until then was its body.
    for (const one of [request, response])
      one.once('close', () => {
        last.bytes = socket.bytesRead
      })
  }

  /** To be called now and then. Closes connections, the largest heads first, until the others are few enough. */
  look(sockets: Iterable<Counted>): void {
    const heads = [...sockets].map((socket) => ({ socket, bytes: this.#bytesOf(socket) }))
    let bytes = heads.reduce((sum, head) => sum + head.bytes, 0)
    if (bytes <= this.#most) return
    for (const head of heads.sort((a, b) => b.bytes - a.bytes)) {
      if (bytes <= this.#most) return
      bytes -= head.bytes
      head.socket.destroy()
      this.#onCut()
    }
  }

  /** Behind a request that goes on, nobody knows what is its body. */
  #bytesOf(socket: Counted): number {
    const last = this.#last.get(socket)
    if (last === undefined) return socket.bytesRead
    return last.request.complete && last.response.closed ? socket.bytesRead - last.bytes : 0
  }
}
