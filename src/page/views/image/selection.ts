/** The steps that are looked at: one, or a span. Numbers from 1, as they are shown. */
export interface Selection {
  readonly from: number
  readonly to: number
}

/** Reads `7` or `3-7`; undefined for anything else, and for steps that are not there. */
export function readSelection(text: string | null, steps: number): Selection | undefined {
  const [, first, last] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text ?? '') ?? []
  if (first === undefined) return undefined
  const from = Number(first)
  const to = last === undefined ? from : Number(last)
  return from >= 1 && from <= to && to <= steps ? { from, to } : undefined
}

/** As it stands in the address. */
export function selectionText(selection: Selection | undefined): string | undefined {
  if (selection === undefined) return undefined
  return selection.from === selection.to ? `${selection.from}` : `${selection.from}-${selection.to}`
}

/** What choosing a step makes of a selection: itself, and nothing when it is all that was chosen. */
export function choose(before: Selection | undefined, step: number): Selection | undefined {
  return before?.from === step && before.to === step ? undefined : { from: step, to: step }
}

/** The end of a selection that stays when it is extended: where it began, while that is one of its ends. */
export function anchorOf({ from, to }: Selection, began: number | undefined): number {
  return began === to ? to : from
}

/** From one step to another, whichever comes first. */
export function spanOf(anchor: number, step: number): Selection {
  return { from: Math.min(anchor, step), to: Math.max(anchor, step) }
}
