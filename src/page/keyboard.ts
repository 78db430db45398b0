import { signal } from '@preact/signals'
import { GoKeys } from './go-keys.ts'
import { go, href } from './location.ts'

/** The map of keys is open. */
export const keyMapOpen = signal(false)

/** Listens for the keys of the page; once, at the start. */
export function listenForKeys(): () => void {
  const goKeys = new GoKeys()
  const listen = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    if (document.querySelector('dialog[open]') !== null) return
    const view = goKeys.press(event.key, event.timeStamp)
    if (view !== undefined) go(href(view))
    else if (event.key === '/') document.querySelector<HTMLInputElement>('input[type=search]')?.focus()
    else if (event.key === '?') keyMapOpen.value = true
    else return
    event.preventDefault()
  }
  addEventListener('keydown', listen)
  return () => removeEventListener('keydown', listen)
}

/** What takes letters: a box that is ticked takes none. */
const TYPED = 'input:not([type=checkbox], [type=radio], [type=file]), textarea, select, [contenteditable]'

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(TYPED) !== null
}
