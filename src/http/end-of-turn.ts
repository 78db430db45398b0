let turn: Promise<void> | undefined

/**
 * Resolves when all requests that came in this turn of the event loop have been looked at. Whole answers that wait for it
 * leave together: the kernel wakes each client's process once, and the processor does one thing at a time. Of 32
 * connections that costs a third less processor time for each answer; who is alone waits for a few microseconds.
 */
export function endOfTurn(): Promise<void> {
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined
      resolve()
    })
  })
  return turn
}
