import { write, writeSync } from 'node:fs'

/** How often a write is tried again, in milliseconds: by a reader that has no room, and by a disk that takes nothing. */
const FULL_PAUSE = 100
const FAILED_PAUSE = 1000
/** How long, in milliseconds, the end of the process waits for a reader that stands still, and between two tries. */
const EXIT_PATIENCE = 500
const EXIT_PAUSE = 10
const LINE_END = 10

/**
 * Writes pieces of the log to a file descriptor, one at a time. What does not fit into `mostWaiting` bytes is lost, and
 * how many lines that were is said once the others are written. Whatever comes of it (a full disk, a reader that is gone,
 * or that stands still) neither ends the process nor keeps it from ending: a log is no reason not to serve.
 */
export class LogSink {
  readonly #fd: number
  readonly #mostWaiting: number
  readonly #waiting: Buffer[] = []
  #bytes = 0
  #lost = 0
  #state: 'idle' | 'writing' | 'pausing' | 'gone' = 'idle'
  /** Why the last write failed, when it was not for want of a reader. */
  #failure: string | undefined

  constructor(fd: number, mostWaiting: number) {
    this.#fd = fd
    this.#mostWaiting = mostWaiting
  }

  put(piece: Buffer): void {
    if (this.#add(piece) && this.#state === 'idle') this.#next()
  }

  /** The end of the process: what waits, and `last`, is written now or never. */
  end(last: Buffer): void {
    // It is with the system already.
    const [first] = this.#waiting
    if (this.#state === 'writing' && first !== undefined) this.#take(first, first.length)
    this.#add(last)
    const deadline = performance.now() + EXIT_PATIENCE
    for (let [piece] = this.#waiting; piece !== undefined; [piece] = this.#waiting) {
      const written = writeNow(this.#fd, piece)
      if (written === undefined || performance.now() > deadline) return
      if (written === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, EXIT_PAUSE)
      else this.#take(piece, written)
    }
  }

  #add(piece: Buffer): boolean {
    if (this.#state === 'gone') return false
    const fits = this.#bytes + piece.length <= this.#mostWaiting
    if (!fits) this.#lost += linesIn(piece)
    else if (piece.length > 0) {
      this.#waiting.push(piece)
      this.#bytes += piece.length
    }
    return fits
  }

  #next(): void {
    const [piece] = this.#waiting
    this.#state = piece === undefined ? 'idle' : 'writing'
    if (piece === undefined) return
    write(this.#fd, piece, (error, written) => {
      if (error !== null) this.#failed(error)
      else {
        this.#take(piece, written)
        this.#tellLost()
        this.#next()
      }
    })
  }

  #take(piece: Buffer, written: number): void {
    this.#bytes -= written
    if (written < piece.length) this.#waiting[0] = piece.subarray(written)
    else this.#waiting.shift()
  }

  #tellLost(): void {
    if (this.#waiting.length > 0) return
    const [lost, failure] = [this.#lost, this.#failure]
    this.#lost = 0
    this.#failure = undefined
    if (lost > 0) this.#add(linesLost(lost, failure))
  }

  #failed({ code = 'it failed' }: NodeJS.ErrnoException): void {
    if (code === 'EPIPE') {
      this.#state = 'gone'
      this.#waiting.length = 0
      return
    }
    this.#state = 'pausing'
    const isFull = code === 'EAGAIN'
    if (!isFull) this.#failure = code
    setTimeout(() => this.#next(), isFull ? FULL_PAUSE : FAILED_PAUSE).unref()
  }
}

/** How many bytes were taken; undefined when none will be. */
function writeNow(fd: number, piece: Buffer): number | undefined {
  try {
    return writeSync(fd, piece)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EAGAIN' ? 0 : undefined
  }
}

function linesIn(piece: Buffer): number {
  return piece.reduce((lines, byte) => (byte === LINE_END ? lines + 1 : lines), 0)
}

function linesLost(lost: number, failure: string | undefined): Buffer {
  const why = failure === undefined ? 'what reads it was too slow' : `they could not be written (${failure})`
  const msg = `${lost} lines of the log were lost: ${why}`
  return Buffer.from(`${JSON.stringify({ level: 40, time: Date.now(), lost, msg })}\n`)
}
