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

/** How long after `g` a second letter counts, in milliseconds. */
const PATIENCE = 1500

/** Where two letters in a row lead, of which the first is `g`. */
export class GoKeys {
  #since = Number.NEGATIVE_INFINITY

  /** The view that `key`, pressed at a time in milliseconds, completes. */
  press(key: string, at: number): string | undefined {
    const [view] = (at - this.#since < PATIENCE ? GO_KEYS[key] : undefined) ?? []
    this.#since = view === undefined && key === 'g' ? at : Number.NEGATIVE_INFINITY
    return view
  }
}
