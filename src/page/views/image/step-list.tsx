import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { anchorOf, choose, type Selection, spanOf } from './selection.ts'
import { GROUP, StepGroup } from './step-group.tsx'
import { useNear } from './use-near.ts'

type Step = Image['steps'][number]

/** Steps up to which all of them are drawn at once. */
const WHOLE = 300

/** The steps as a list to choose from: one, or with shift a span. */
export function StepList({
  steps,
  selection,
  select,
}: {
  readonly steps: readonly Step[]
  readonly selection: Selection | undefined
  readonly select: (selection: Selection | undefined) => void
}) {
  const list = useRef<HTMLDivElement>(null)
  const largest = useMemo(
    () => steps.reduce((most, { layer }) => Math.max(most, layer?.size ?? 0), 1),
    [steps],
  )
  const began = useRef<number | undefined>(undefined)
  const [moved, setMoved] = useState<{ readonly to: number } | undefined>(undefined)
  const groups = Math.ceil(steps.length / GROUP)
  const isLong = steps.length > WHOLE
  const near = useNear(list, isLong ? groups : 0)
  const extendTo = (from: Selection, number: number) => {
    began.current = anchorOf(from, began.current)
    select(spanOf(began.current, number))
  }
  const pick = (number: number, isSpan: boolean) => {
    if (isSpan && selection !== undefined) return extendTo(selection, number)
    began.current = number
    select(choose(selection, number))
  }
  const onKey = (event: KeyboardEvent) => {
    const number = numberAt(event)
    if (number === undefined) return
    const target = targetOf(event.key, number, steps.length)
    if (event.key === 'Enter' || event.key === ' ') pick(number, event.shiftKey)
    else if (event.key === 'Escape') select(undefined)
    else if (target !== undefined) {
      setMoved({ to: target })
      if (event.shiftKey) extendTo(selection ?? { from: number, to: number }, target)
    } else return
    event.preventDefault()
  }
  const onClick = (event: MouseEvent) => {
    const number = numberAt(event)
    if (number === undefined) return
    setMoved({ to: number })
    pick(number, event.shiftKey)
  }
  const focusable = selection?.from ?? 1
  // Whatever the frame shows: where Tab leads, where the focus is, and the beginning.
  const always = [1, focusable, ...(moved === undefined ? [] : [moved.to])].map(groupOf)
  useLayoutEffect(() => {
    const { current } = list
    const chosen = current?.querySelector<HTMLElement>('[aria-selected=true]')
    if (current && chosen) current.scrollTop = chosen.offsetTop - current.clientHeight / 2
  }, [])
  useLayoutEffect(() => {
    if (moved !== undefined) list.current?.querySelector<HTMLElement>(`[data-step="${moved.to}"]`)?.focus()
  }, [moved])
  return (
    <div
      class="steps"
      role="listbox"
      aria-label="Steps, oldest first"
      aria-multiselectable="true"
      ref={list}
      onClick={onClick}
      onKeyDown={onKey}
    >
      {Array.from({ length: groups }, (_, group) => (
        <StepGroup
          key={group}
          steps={steps}
          group={group}
          drawn={!isLong || near.has(group) || always.includes(group)}
          largest={largest}
          selection={selection}
          focusable={focusable}
        />
      ))}
    </div>
  )
}

function groupOf(step: number): number {
  return Math.floor((step - 1) / GROUP)
}

/** The step that a key was pressed on, or that was clicked. */
function numberAt({ target }: Event): number | undefined {
  const row = target instanceof Element ? target.closest('[data-step]') : null
  return row === null ? undefined : Number(row.getAttribute('data-step'))
}

function targetOf(key: string, number: number, last: number): number | undefined {
  if (key === 'ArrowDown') return Math.min(last, number + 1)
  if (key === 'ArrowUp') return Math.max(1, number - 1)
  if (key === 'Home') return 1
  return key === 'End' ? last : undefined
}
