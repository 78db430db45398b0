/** Work of which only so much runs at once; those who asked take turns, however much each of them asks. */
export interface FairQueue {
  /** Runs the work when its turn comes. Rejects with `refusal()` when it may not even wait. */
  run<Result>(from: string, work: () => Promise<Result>): Promise<Result>
}

interface Waiter {
  start(): void
  refuse(): void
}

/** When all `waiting` places are taken, whoever holds most of them loses the one that was taken last. */
export function createFairQueue(parts: {
  readonly atOnce: number
  readonly waiting: number
  readonly refusal: () => Error
}): FairQueue {
  const { atOnce, waiting, refusal } = parts
  /** Who waits, in the order of their turns. */
  const turns = new Map<string, Waiter[]>()
  let [running, places] = [0, 0]

  const waitFor = (from: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const own = turns.get(from) ?? []
      turns.set(from, own)
      own.push({ start: resolve, refuse: () => reject(refusal()) })
      places += 1
      if (places <= waiting) return
      const [asker, most] = [...turns].reduce((a, b) => (b[1].length > a[1].length ? b : a), [from, own])
      most.pop()?.refuse()
      if (most.length === 0) turns.delete(asker)
      places -= 1
    })

  const next = (): Waiter | undefined => {
    const [turn] = turns
    if (turn === undefined) return undefined
    const [from, own] = turn
    const waiter = own.shift()
    turns.delete(from)
    if (own.length > 0) turns.set(from, own)
    places -= 1
    return waiter
  }

  return {
    async run(from, work) {
      // Who is woken takes over the place of who finished: `running` stays as it is.
      if (running >= atOnce) await waitFor(from)
      else running += 1
      try {
        return await work()
      } finally {
        const woken = next()
        if (woken === undefined) running -= 1
        else woken.start()
      }
    },
  }
}
