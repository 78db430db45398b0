/** Resolves at the first SIGTERM or SIGINT. The second ends the process at once, whatever is still running. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let seen = false
    const onSignal = (signal: NodeJS.Signals): void => {
      if (seen) process.exit(signal === 'SIGINT' ? 130 : 143)
      seen = true
      resolve()
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
  })
}
