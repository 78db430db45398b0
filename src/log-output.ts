import { type DestinationStream, destination } from 'pino'

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
 * A reader that is slow, or that stands still, holds up no request and fills no memory: what does not fit into
 * `mostWaiting` bytes is lost, and how many lines that were is said as soon as the reader has taken the others.
 */
export function logOutput(fd: number, mostWaiting = MOST_WAITING): DestinationStream {
  // As bytes at once: a line comes as a tree of its parts. Trees that waited outlived collections of young memory, and
  // under load the heap grew to four times what lives.
  const piece = Buffer.allocUnsafeSlow(PIECE)
  let used = 0
  let handed = -PAUSE
  let lost = 0
  const hand = (): void => {
    handed = performance.now()
    if (used > 0) output.write(piece.toString('utf8', 0, used))
    used = 0
  }
  // Before the output's own, which writes what it was given and has not written yet.
  process.once('exit', hand)
  const output = destination({ dest: fd, sync: false, maxLength: mostWaiting })
  output.on('drop', (dropped: string) => {
    lost += dropped.split('\n').length - 1
  })
  output.on('drain', () => {
    if (lost === 0) return
    output.write(linesLost(lost))
    lost = 0
  })
  return {
    write: (line) => {
      if (used === 0) {
        if (performance.now() - handed < PAUSE) setTimeout(hand, PAUSE)
        else setImmediate(hand)
      } else if (used + line.length * WIDEST > PIECE) hand()
      if (line.length * WIDEST > PIECE) output.write(line)
      else used += piece.write(line, used)
    },
  }
}

function linesLost(lost: number): string {
  const msg = `${lost} lines of the log were lost: what reads it was too slow`
  return `${JSON.stringify({ level: 40, time: Date.now(), lost, msg })}\n`
}
