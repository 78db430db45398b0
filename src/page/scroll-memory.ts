/** How long nothing may be read and nothing grow until a view has its height, in milliseconds. */
const SETTLED = 1000
/** After a movement, in milliseconds: browsers refuse who writes to the history all the time. */
const REST = 150
/** What somebody does who wants to be elsewhere. */
const TAKEN_OVER = ['wheel', 'touchstart', 'pointerdown', 'keydown'] as const

/** Ends the search for a place; undefined while none is sought. */
let giveUp: (() => void) | undefined

/**
 * Back, forward and loading again land where one was. Browsers look for the place at once, when the view has yet to ask
 * for what it shows: so the place is kept with each entry of the history, and sought until the view has filled. Once.
 */
export function rememberScroll(): void {
  history.scrollRestoration = 'manual'
  let timer: ReturnType<typeof setTimeout> | undefined
  const later = () => {
    clearTimeout(timer)
    timer = setTimeout(keepPlace, REST)
  }
  addEventListener('scroll', later, { passive: true })
  addEventListener('popstate', ({ state }) => seek(placeIn(state)))
  seek(placeIn(history.state))
}

/** Writes down where one is, before another entry of the history is made. */
export function keepPlace(): void {
  if (giveUp === undefined) history.replaceState({ top: window.scrollY }, '')
}

/** A new place begins at its top. */
export function beginAtTop(): void {
  giveUp?.()
  window.scrollTo(0, 0)
}

function seek(top: number): void {
  beginAtTop()
  if (top === 0) return
  let timer: ReturnType<typeof setTimeout> | undefined
  const wait = () => {
    clearTimeout(timer)
    const isReading = () => document.querySelector('.loading, .stale') !== null
    timer = setTimeout(() => (isReading() ? wait() : giveUp?.()), SETTLED)
  }
  const observer = new ResizeObserver(() => {
    window.scrollTo(0, top)
    wait()
  })
  const controller = new AbortController()
  giveUp = () => {
    clearTimeout(timer)
    observer.disconnect()
    controller.abort()
    giveUp = undefined
  }
  for (const event of TAKEN_OVER)
    addEventListener(event, giveUp, { passive: true, signal: controller.signal })
  observer.observe(document.body)
}

function placeIn(state: unknown): number {
  const top = typeof state === 'object' && state !== null && 'top' in state ? state.top : 0
  return typeof top === 'number' ? top : 0
}
