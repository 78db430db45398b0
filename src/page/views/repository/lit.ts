import { signal } from '@preact/signals'

/** The tag that the pointer or the focus is on, in the chart or in the table: it lights up in both. */
export const lit = signal<string | undefined>(undefined)
