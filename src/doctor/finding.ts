/** What a look at one thing gave. `bad` breaks pushes, pulls or promises; `warning` will, or is unwise. */
export interface Finding {
  /** What was looked at, as one word of a fixed list: `disk`, `proxy-origin`. */
  readonly check: string
  readonly state: 'good' | 'warning' | 'bad'
  readonly found: string
  /** What to do about it, with the names of settings. */
  readonly change?: string
}

export function good(check: string, found: string): Finding {
  return { check, state: 'good', found }
}

export function warning(check: string, found: string, change: string): Finding {
  return { check, state: 'warning', found, change }
}

export function bad(check: string, found: string, change: string): Finding {
  return { check, state: 'bad', found, change }
}
