import { useLayoutEffect, useRef } from 'preact/hooks'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { plural, sizeText, visibleText } from '../../format.ts'
import { ClassGlyph } from '../../parts/class-glyph.tsx'
import { Icon } from '../../parts/icon.tsx'
import { anchorOf, choose, type Selection, spanOf } from './selection.ts'

type Step = Image['steps'][number]

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
  const largest = Math.max(1, ...steps.map(({ layer }) => layer?.size ?? 0))
  const began = useRef<number | undefined>(undefined)
  const extendTo = (from: Selection, number: number) => {
    began.current = anchorOf(from, began.current)
    select(spanOf(began.current, number))
  }
  const pick = (number: number, isSpan: boolean) => {
    if (isSpan && selection !== undefined) return extendTo(selection, number)
    began.current = number
    select(choose(selection, number))
  }
  const onKey = (event: KeyboardEvent, number: number) => {
    const target = targetOf(event.key, number, steps.length)
    if (event.key === 'Enter' || event.key === ' ') pick(number, event.shiftKey)
    else if (event.key === 'Escape') select(undefined)
    else if (target !== undefined) {
      list.current?.querySelectorAll<HTMLElement>('[role=option]')[target - 1]?.focus()
      if (event.shiftKey) extendTo(selection ?? { from: number, to: number }, target)
    } else return
    event.preventDefault()
  }
  const focusable = selection?.from ?? 1
  useLayoutEffect(() => {
    const { current } = list
    const chosen = current?.querySelector<HTMLElement>('[aria-selected=true]')
    if (current && chosen) current.scrollTop = chosen.offsetTop - current.clientHeight / 2
  }, [])
  return (
    <div class="steps" role="listbox" aria-label="Steps, oldest first" aria-multiselectable="true" ref={list}>
      {steps.map(({ step, instruction, class: kind, layer }, index) => {
        const number = index + 1
        const chosen = selection !== undefined && number >= selection.from && number <= selection.to
        const users = layer?.users?.count ?? 0
        return (
          <div
            key={step}
            role="option"
            class={`step class-${kind}`}
            aria-selected={chosen}
            tabIndex={number === focusable ? 0 : -1}
            onClick={(event) => pick(number, event.shiftKey)}
            onKeyDown={(event) => onKey(event, number)}
          >
            <span class="number dim">
              <span class="sr">Step </span>
              {number}{' '}
            </span>
            <ClassGlyph kind={kind} />
            <code title={visibleText(instruction)}>{visibleText(instruction)} </code>
            <span class="step-bar" aria-hidden="true">
              <span
                class={users > 1 ? 'solid' : 'light'}
                style={{ width: layer === null ? '0' : `max(2px, ${(layer.size / largest) * 100}%)` }}
              />
            </span>
            <span class="number">
              {layer === null ? <span class="dim">0 B</span> : sizeText(layer.size)}
              <span class="sr"> compressed</span>
            </span>
            <span class="shared" title={users > 1 ? `In ${plural(users, 'image')} that you may see` : ''}>
              {users > 1 && (
                <>
                  <Icon name="shared" /> <span class="sr">, layer of </span>
                  {users}
                  <span class="sr"> images</span>
                </>
              )}
            </span>
          </div>
        )
      })}
    </div>
  )
}

function targetOf(key: string, number: number, last: number): number | undefined {
  if (key === 'ArrowDown') return Math.min(last, number + 1)
  if (key === 'ArrowUp') return Math.max(1, number - 1)
  if (key === 'Home') return 1
  return key === 'End' ? last : undefined
}
