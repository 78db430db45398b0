import { type DestinationStream, destination } from 'pino'

/** Between two pieces that leave, in milliseconds. */
const PAUSE = 10
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
  let lines: string[] = []
  let handed = -PAUSE
  let lost = 0
  const hand = (): void => {
    handed = performance.now()
    if (lines.length > 0) output.write(lines.join(''))
    lines = []
  }
  // Before the output's own, which writes what it was given and has not written yet.
  process.once('exit', hand)
  const output = destination({ dest: fd, sync: false, maxLength: mostWaiting })
  output.on('drop', (piece: string) => {
    lost += piece.split('\n').length - 1
  })
  output.on('drain', () => {
    if (lost === 0) return
    output.write(linesLost(lost))
    lost = 0
  })
  return {
    write: (line) => {
      if (lines.length === 0) {
        if (performance.now() - handed < PAUSE) setTimeout(hand, PAUSE)
        else setImmediate(hand)
      }
      lines.push(line)
    },
  }
}

function linesLost(lost: number): string {
  const msg = `${lost} lines of the log were lost: what reads it was too slow`
  return `${JSON.stringify({ level: 40, time: Date.now(), lost, msg })}\n`
}
