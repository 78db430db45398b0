import { useMemo } from 'preact/hooks'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { visibleText } from '../../format.ts'
import type { Selection } from './selection.ts'
import { StepRow } from './step-row.tsx'

type Step = Image['steps'][number]

/** Steps that are drawn together. */
export const GROUP = 50

/**
 * Some steps of a list. Far from what is in sight they are one text with a line for each, as high as they are when they are
 * drawn: a browser finds a text in it, and ten thousand steps are a few hundred elements.
 */
export function StepGroup({
  steps,
  group,
  drawn,
  largest,
  selection,
  focusable,
}: {
  readonly steps: readonly Step[]
  /** From 0. */
  readonly group: number
  readonly drawn: boolean
  readonly largest: number
  readonly selection: Selection | undefined
  /** The step that Tab leads to. */
  readonly focusable: number
}) {
  const first = group * GROUP + 1
  const mine = within(first, selection)
  const focused = focusable >= first && focusable < first + GROUP ? focusable : undefined
  // What is the same as before is not gone through again.
  return useMemo(() => {
    const some = steps.slice(first - 1, first - 1 + GROUP)
    if (!drawn)
      return (
        <div class="far-steps" data-group={group} aria-hidden="true">
          {some.map((step, index) => `${first + index}  ${visibleText(step.instruction)}`).join('\n')}
        </div>
      )
    return (
      <div data-group={group}>
        {some.map((step, index) => {
          const number = first + index
          return (
            <StepRow
              key={number}
              step={step}
              number={number}
              of={steps.length}
              largest={largest}
              chosen={mine !== undefined && number >= mine.from && number <= mine.to}
              focusable={number === focused}
            />
          )
        })}
      </div>
    )
  }, [steps, group, drawn, largest, mine?.from, mine?.to, focused])
}

/** Which of a group's steps are chosen. */
function within(first: number, selection: Selection | undefined): Selection | undefined {
  if (selection === undefined) return undefined
  const from = Math.max(first, selection.from)
  const to = Math.min(first + GROUP - 1, selection.to)
  return from > to ? undefined : { from, to }
}
