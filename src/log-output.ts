import type { DestinationStream } from 'pino'
import { LogSink } from './log-sink.ts'

/** Between two pieces that leave, in milliseconds. */
const PAUSE = 10
/** Bytes of a piece that is being made. */
const PIECE = 64 << 10
/** Bytes that a character takes at the most. */
const WIDEST = 3
/** Bytes of lines that wait for whoever reads them. */
const MOST_WAITING = 4 << 20

/**
 * Where lines of the log leave the process, by a file descriptor. A line leaves in the turn of the event loop that made
 * it, and those of the milliseconds after it in one piece: handing it to another thread costs more than making it, a third
 * of the processor time of a small request.
 *
 * A reader that is slow, or that stands still, holds up no request and fills no memory, and a disk that takes nothing ends
 * no server (see LogSink): what does not fit into `mostWaiting` bytes is lost.
 */
export function logOutput(fd: number, mostWaiting = MOST_WAITING): DestinationStream {
  // As bytes at once: a line comes as a tree of its parts. Trees that waited outlived collections of young memory, and
  // under load the heap grew to four times what lives.
  const piece = Buffer.allocUnsafeSlow(PIECE)
  const sink = new LogSink(fd, mostWaiting)
  let used = 0
  let handed = -PAUSE
  const taken = (): Buffer => {
    const bytes = Buffer.from(piece.subarray(0, used))
    used = 0
    return bytes
  }
  const hand = (): void => {
    handed = performance.now()
    if (used > 0) sink.put(taken())
  }
  process.once('exit', () => sink.end(taken()))
  return {
    write: (line) => {
      if (used === 0) {
        if (performance.now() - handed < PAUSE) setTimeout(hand, PAUSE)
        else setImmediate(hand)
      } else if (used + line.length * WIDEST > PIECE) hand()
      if (line.length * WIDEST > PIECE) sink.put(Buffer.from(line))
      else used += piece.write(line, used)
    },
  }
}
