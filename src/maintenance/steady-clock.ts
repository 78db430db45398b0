/** A clock that is corrected by less is not taken to have jumped. */
const CORRECTION_MS = 2000
/** A registry that did not run for longer than this does not know whether it was that long, or its clock is ahead. */
export const BELIEVED_MS = 24 * 3_600_000

interface ClockParts {
  /** The machine's clock. */
  readonly wall: () => number
  /** Counts the milliseconds that really pass, from any moment on. */
  readonly passed: () => number
  /** How long this clock goes on as before when the machine's jumps forward. */
  readonly hold: number
}

/** What a clock goes on from after a restart. */
export interface ClockNote {
  readonly wall: number
  readonly steady: number
  /** Milliseconds since the machine's clock jumped ahead of this one; 0 when it has not. */
  readonly waited: number
}

/**
 * The time by which things grow old, in milliseconds as `wall` gives them. When the machine's clock jumps forward, this one
 * goes on as before for `hold` milliseconds: whatever was noted before the jump has lain as long by then. So it does after a
 * restart when the machine's clock is more than a day ahead of what was noted last. Backward it follows at once. It sees a jump
 * when it is asked, so it is to be asked often.
 */
export class SteadyClock {
  readonly #parts: ClockParts
  #trusted: number
  #jump: { readonly offset: number; readonly at: number } | undefined

  constructor(parts: ClockParts, noted?: ClockNote) {
    this.#parts = parts
    const [wall, at] = [parts.wall(), parts.passed()]
    this.#trusted = wall - at
    if (noted === undefined) return
    const away = wall - noted.wall
    const isBelieved = away >= 0 && away <= BELIEVED_MS
    const steady = noted.steady + (isBelieved ? away : 0)
    if (steady >= wall) return
    this.#trusted = steady - at
    this.#jump = { offset: wall - at, at: at - (isBelieved ? noted.waited + away : 0) }
  }

  readonly now = (): number => {
    const at = this.#parts.passed()
    const offset = this.#parts.wall() - at
    const jump = this.#jump
    if (offset <= this.#trusted + CORRECTION_MS) this.#follow(offset)
    else if (jump === undefined || Math.abs(offset - jump.offset) > CORRECTION_MS) this.#jump = { offset, at }
    else if (at - jump.at >= this.#parts.hold) this.#follow(offset)
    return Math.floor(at + this.#trusted)
  }

  get note(): ClockNote {
    const steady = this.now()
    const waited = this.#jump === undefined ? 0 : Math.floor(this.#parts.passed() - this.#jump.at)
    return { wall: this.#parts.wall(), steady, waited }
  }

  #follow(offset: number): void {
    this.#trusted = offset
    this.#jump = undefined
  }
}
