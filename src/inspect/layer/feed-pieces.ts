import type { BlobReader } from '../../../storage/blobs/blob-store.ts'
import type { Answer, LayerThread } from './layer-thread.ts'

/** Bytes that are sent to the thread in one piece: many small messages would cost more than their bytes. */
const PIECE = 1024 * 1024

/** Sends a thread the bytes of a layer, until it wants no more of them; `onProgress` is told how many it has read. */
export async function feedPieces(
  reader: BlobReader,
  thread: LayerThread,
  { onProgress, signal }: { readonly onProgress: (bytes: number) => void; readonly signal: AbortSignal },
): Promise<void> {
  const feeder = new Feeder(thread, onProgress)
  try {
    await reader.pump((chunk) => feeder.take(chunk), signal)
    await feeder.rest()
  } catch (error) {
    if (!(error instanceof Enough)) throw error
  }
}

class Enough extends Error {}

/**
 * Collects chunks, whose memory the reader uses again, into pieces for the thread: one is filled while it reads another.
 * Throws Enough when it wants no more.
 */
class Feeder {
  readonly #thread: LayerThread
  readonly #onProgress: (bytes: number) => void
  #piece = Buffer.allocUnsafeSlow(PIECE)
  #filled = 0
  #sent = 0
  #spare: ArrayBuffer | undefined
  #answer: Promise<Answer> | undefined

  constructor(thread: LayerThread, onProgress: (bytes: number) => void) {
    this.#thread = thread
    this.#onProgress = onProgress
  }

  async take(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + PIECE - this.#filled)
      this.#piece.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
      if (this.#filled === PIECE) await this.#send()
    }
  }

  async rest(): Promise<void> {
    if (this.#filled > 0) await this.#send()
    await this.#settle()
  }

  async #send(): Promise<void> {
    await this.#settle()
    this.#sent += this.#filled
    const answer = this.#thread.ask({ kind: 'read', memory: this.#piece.buffer, length: this.#filled })
    // A failure is told by the next question.
    answer.catch(() => undefined)
    this.#answer = answer
    this.#piece = this.#spare === undefined ? Buffer.allocUnsafeSlow(PIECE) : Buffer.from(this.#spare)
    this.#spare = undefined
    this.#filled = 0
  }

  /** Waits for the answer to the piece before, which brings its memory back. */
  async #settle(): Promise<void> {
    const answer = await this.#answer
    this.#answer = undefined
    if (answer?.kind !== 'read') return
    this.#spare = answer.memory
    this.#onProgress(this.#sent)
    if (answer.over) throw new Enough()
  }
}
