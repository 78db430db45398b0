import { signal } from '@preact/signals'
import { type Place, placeOf, type QueryValues, queryText } from './address.ts'
import { beginAtTop, keepPlace } from './scroll-memory.ts'

/** The path below which the page is served, with a slash at its end: a proxy may put it anywhere. */
export const BASE = location.pathname.replace(/[^/]*$/, '')

/** The current place. Changes with links, buttons and the browser's own back and forward. */
export const here = signal<Place>(placeOf(location.href))

/** The address of a view. */
export function href(view: string, query: QueryValues = {}): string {
  const text = queryText(query)
  return `${BASE}${view}${text === '' ? '' : `?${text}`}`
}

/** Goes to an address of the page; `replace` when back should not lead to where one was. */
export function go(address: string, how: { readonly replace?: boolean } = {}): void {
  keepPlace()
  if (how.replace === true) history.replaceState(history.state, '', address)
  else history.pushState(null, '', address)
  here.value = placeOf(location.href)
  if (how.replace !== true) beginAtTop()
}

/** Changes values of the query and stays in the view. */
export function setQuery(change: QueryValues, how: { readonly replace?: boolean } = {}): void {
  const { view, query } = here.peek()
  const kept: Record<string, string | boolean | readonly string[] | undefined> = {}
  for (const name of new Set(query.keys())) kept[name] = query.getAll(name)
  const scroll = window.scrollY
  go(href(view, { ...kept, ...change }), how)
  window.scrollTo(0, scroll)
}

/** Follows back, forward, and links to views without loading the page again. Once, at the start. */
export function followLinks(): void {
  addEventListener('popstate', () => {
    here.value = placeOf(location.href)
  })
  addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (link === null || event.defaultPrevented || event.button !== 0) return
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    if (link.target !== '' || link.hasAttribute('download') || !isOurs(link)) return
    event.preventDefault()
    go(link.href)
  })
}

function isOurs(link: HTMLAnchorElement): boolean {
  return link.origin === location.origin && link.pathname.replace(/[^/]*$/, '') === BASE && link.hash === ''
}
