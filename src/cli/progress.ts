import { inOneLine } from './printable.ts'

const BAR = 24

/** `label [######------] 3 of 7 unit`. */
export function progressLine(label: string, done: number, total: number, unit: string): string {
  const filled = total === 0 ? BAR : Math.floor((BAR * done) / total)
  return `${label} [${'#'.repeat(filled)}${'-'.repeat(BAR - filled)}] ${done} of ${total} ${unit}`
}

/** Where progress is shown: one line of a terminal, written over and over. Elsewhere, as in a log, nothing is. */
export function createProgress(stream: {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}): (line: string) => void {
  let shown = ''
  return (line) => {
    if (stream.isTTY !== true || line === shown) return
    // A line that wraps could not be written over.
    stream.write(`\r\u001b[K${inOneLine(line).slice(0, (stream.columns ?? 80) - 1)}`)
    shown = line
  }
}
