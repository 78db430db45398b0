/**
 * Begins `work` when its turn comes, and gives what comes of it. It has that turn for `milliseconds` at most, counted from
 * its beginning; who takes longer goes on without one.
 */
export async function inBriefTurn<Result>(
  turn: (begin: () => Promise<void>) => Promise<void>,
  milliseconds: number,
  work: () => Promise<Result>,
): Promise<Result> {
  let running: Promise<Result> | undefined
  await turn(async () => {
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, milliseconds).unref()
    running = work()
    await Promise.race([running, late.promise]).finally(() => clearTimeout(timer))
  })
  return running ?? work()
}
