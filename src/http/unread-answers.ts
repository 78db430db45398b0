import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { networkOf } from '../auth/network.ts'

interface Unread {
  readonly socket: Socket
  readonly from: string
  readonly bytes: number
}

/**
 * Ended answers that wait in memory until their clients read on. Bounded: else a few hundred connections on which somebody
 * asks for long lists and reads nothing would take all the memory there is.
 */
export class UnreadAnswers {
  readonly #most: number
  readonly #onCut: () => void
  /** The oldest first. */
  readonly #waiting = new Set<Unread>()
  #bytes = 0

  /** `most`: bytes of all of them. `onCut` is told of each connection that is closed because there are more. */
  constructor(most: number, onCut: () => void) {
    this.#most = most
    this.#onCut = onCut
  }

  /** To be called for every response before it begins. */
  watch(socket: Socket, response: ServerResponse): void {
    // Emitted when the answer has ended, and what the kernel takes at once is written.
    response.once('prefinish', () => this.#add(socket, response))
  }

  #add(socket: Socket, response: ServerResponse): void {
    const bytes = socket.writableLength
    if (bytes === 0 || socket.destroyed) return
    const unread = { socket, from: networkOf(socket.remoteAddress ?? ''), bytes }
    this.#waiting.add(unread)
    this.#bytes += bytes
    response.once('close', () => this.#forget(unread))
    while (this.#bytes > this.#most && this.#waiting.size > 1) this.#cutOne()
  }

  #forget(unread: Unread): void {
    if (this.#waiting.delete(unread)) this.#bytes -= unread.bytes
  }

  /** The oldest of whoever holds the most: who reads nothing does not take the place of who reads slowly. */
  #cutOne(): void {
    const held = new Map<string, number>()
    for (const { from, bytes } of this.#waiting) held.set(from, (held.get(from) ?? 0) + bytes)
    const heldBy = ({ from }: Unread): number => held.get(from) ?? 0
    const cut = [...this.#waiting].reduce((a, b) => (heldBy(b) > heldBy(a) ? b : a))
    this.#forget(cut)
    cut.socket.destroy()
    this.#onCut()
  }
}
