/** Milliseconds for which work that is long in all may hold the event loop at a time, however many do such work. */
const MOST_MS = 1

/** Urgent turns in a row while others wait: where requests never end, work beside them still goes on. */
const MOST_IN_A_ROW = 8

/** Who waits for a turn: what requests may wait for too goes first. */
const urgent: (() => void)[] = []
const patient: (() => void)[] = []
let inARow = 0
let isScheduled = false
/** When the last turn was given. */
let given = 0

/**
 * Cuts long work into turns of the event loop, so that requests that came meanwhile go first. All who do such work in
 * this process share the turns: each gets its own, one to each round of the loop.
 */
export class ShortTurns {
  readonly #begun = performance.now()
  readonly #waiting: (() => void)[]

  /** `isUrgent`: requests may wait for this work. */
  constructor({ isUrgent }: { readonly isUrgent: boolean }) {
    this.#waiting = isUrgent ? urgent : patient
  }

  /** Whether it is time to `rest`. */
  get isOver(): boolean {
    return performance.now() - Math.max(this.#begun, given) >= MOST_MS
  }

  /** Resolves in another turn of the event loop. */
  rest(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      schedule()
    })
  }
}

function schedule(): void {
  if (isScheduled) return
  isScheduled = true
  setImmediate(giveTurn)
}

function giveTurn(): void {
  isScheduled = false
  const next = nextInTurn()
  given = performance.now()
  next?.()
  if (urgent.length + patient.length > 0) schedule()
}

function nextInTurn(): (() => void) | undefined {
  const isPatient = patient.length > 0 && (urgent.length === 0 || inARow >= MOST_IN_A_ROW)
  inARow = isPatient || patient.length === 0 ? 0 : inARow + 1
  return isPatient ? patient.shift() : urgent.shift()
}
