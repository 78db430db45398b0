import { signal } from '@preact/signals'

const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'lamina-theme'

/** Light, dark, or as the system has it. Kept in the browser, not in the address: links show it as the reader likes. */
export const theme = signal<Theme>(stored())

/** Makes the document follow the theme. */
export function applyTheme(): void {
  document.documentElement.style.colorScheme = theme.value === 'auto' ? 'light dark' : theme.value
}

/** Goes to the next of the three. */
export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'auto'
  applyTheme()
  try {
    localStorage.setItem(KEY, theme.value)
  } catch {
    // Storage may be forbidden: then the theme lasts as long as the page.
  }
}

function stored(): Theme {
  try {
    return THEMES.find((one) => one === localStorage.getItem(KEY)) ?? 'auto'
  } catch {
    return 'auto'
  }
}
