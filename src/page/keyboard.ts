import { signal } from '@preact/signals'
import { go, href } from './location.ts'

/** Keys that work everywhere. Views add theirs to the elements that they are about. */
export const GO_KEYS: Readonly<Record<string, readonly [view: string, name: string]>> = {
  h: ['', 'Home'],
  g: ['grid', 'Grid'],
  c: ['compare', 'Compare'],
  p: ['pull', 'Pull cost'],
  d: ['deduplication', 'Deduplication'],
  u: ['upload', 'Upload'],
  r: ['docs', 'API reference'],
  a: ['account', 'Account'],
}

/** The map of keys is open. */
export const keyMapOpen = signal(false)

/** How long after `g` a second letter counts, in milliseconds. */
const PATIENCE = 1500
let lastG = 0

/** Listens for the keys of the page; once, at the start. */
export function listenForKeys(): () => void {
  const listen = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    if (document.querySelector('dialog[open]') !== null) return
    const target = event.timeStamp - lastG < PATIENCE ? GO_KEYS[event.key] : undefined
    lastG = 0
    if (target !== undefined) go(href(target[0]))
    else if (event.key === 'g') lastG = event.timeStamp
    else if (event.key === '/') document.querySelector<HTMLInputElement>('input[type=search]')?.focus()
    else if (event.key === '?') keyMapOpen.value = true
    else return
    event.preventDefault()
  }
  addEventListener('keydown', listen)
  return () => removeEventListener('keydown', listen)
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null
}
