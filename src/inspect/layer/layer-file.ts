import { closeSync, openSync, readSync } from 'node:fs'

const CHUNK = 256 * 1024

/** The file of a layer, read by the thread that works on it, which has nothing else to do meanwhile. */
export class LayerFile {
  readonly #descriptor: number
  readonly #chunk = Buffer.allocUnsafeSlow(CHUNK)
  #read = 0

  /** Throws when it cannot be opened. */
  constructor(path: string) {
    this.#descriptor = openSync(path, 'r')
  }

  /** Bytes that were read so far. */
  get read(): number {
    return this.#read
  }

  /** The next bytes, whose memory is used again for those after them; undefined at the end. */
  next(): Buffer | undefined {
    const length = readSync(this.#descriptor, this.#chunk)
    this.#read += length
    return length === 0 ? undefined : this.#chunk.subarray(0, length)
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}
