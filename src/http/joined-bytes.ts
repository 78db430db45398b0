/** Bytes that are made room for at first, when nobody says how many there will be. */
const FIRST = 1024

/**
 * Bytes put together as they come. Kept one by one, pieces of a single byte, as a client may send them, would take three
 * hundred times as much.
 */
export class JoinedBytes {
  readonly #most: number
  #room: Uint8Array
  #length = 0

  /** `most` bytes at most. `expected`: how many are announced; nothing else is made room for until there are more. */
  constructor(most: number, expected = FIRST) {
    this.#most = most
    this.#room = new Uint8Array(Math.min(most, expected))
  }

  get length(): number {
    return this.#length
  }

  /** False, having taken nothing, when there would be more than the most. */
  add(piece: Uint8Array): boolean {
    const wanted = this.#length + piece.length
    if (wanted > this.#most) return false
    if (wanted > this.#room.length) this.#widen(wanted)
    this.#room.set(piece, this.#length)
    this.#length = wanted
    return true
  }

  /** All of them, where they lie. */
  bytes(): Uint8Array {
    return this.#room.subarray(0, this.#length)
  }

  /** At least twice as long, so that a body whose length nobody announced is not copied with each piece. */
  #widen(wanted: number): void {
    const room = new Uint8Array(Math.min(this.#most, Math.max(wanted, 2 * this.#room.length)))
    room.set(this.bytes())
    this.#room = room
  }
}
