import { constants } from 'node:os'

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
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal)
  })
}
