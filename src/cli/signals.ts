import { constants } from 'node:os'

const ENDING = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
/** The first process of a container: Linux gives it no signal that it does not ask for. */
const FIRST = 1

/**
 * Ends the process at once at the first signal, as signals do by themselves in any process but the first: `docker stop` in the
 * middle of a start would wait for its whole patience. Gives what takes that back.
 */
export function endAtOnce(pid = process.pid): () => void {
  if (pid !== FIRST) return () => undefined
  const end = (signal: NodeJS.Signals): void => process.exit(128 + constants.signals[signal])
  for (const signal of ENDING) process.on(signal, end)
  return () => {
    for (const signal of ENDING) process.off(signal, end)
  }
}

/**
 * Resolves at the first SIGTERM, SIGINT or SIGHUP (the terminal is gone). The second ends the process at once, whatever is
 * still running.
 */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let seen = false
    const onSignal = (signal: NodeJS.Signals): void => {
      if (seen) process.exit(128 + constants.signals[signal])
      seen = true
      resolve()
    }
    for (const signal of ENDING) process.on(signal, onSignal)
  })
}
