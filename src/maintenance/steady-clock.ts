/** A clock that is corrected by less is not taken to have jumped. */
const CORRECTION_MS = 2000

/**
 * The time by which things grow old, in milliseconds as `wall` gives them. `passed` counts the milliseconds that really
 * pass, from any moment on. When the machine's clock jumps forward, this one goes on as before for `hold` milliseconds:
 * whatever was noted before the jump has lain as long by then. Backward it follows at once. It sees a jump when it is
 * asked, so it is to be asked often.
 */
export function steadyClock(parts: {
  readonly wall: () => number
  readonly passed: () => number
  readonly hold: number
}): () => number {
  const { wall, passed, hold } = parts
  let trusted = wall() - passed()
  let jump: { readonly offset: number; readonly at: number } | undefined
  return () => {
    const at = passed()
    const offset = wall() - at
    if (offset <= trusted + CORRECTION_MS) {
      trusted = offset
      jump = undefined
    } else if (jump === undefined || Math.abs(offset - jump.offset) > CORRECTION_MS) jump = { offset, at }
    else if (at - jump.at >= hold) {
      trusted = offset
      jump = undefined
    }
    return Math.floor(at + trusted)
  }
}
