import { useEffect, useRef, useState } from 'preact/hooks'
import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { visibleText } from '../../format.ts'
import { ClassGlyph } from '../../parts/class-glyph.tsx'
import { Size } from '../../parts/values.tsx'
import { type Column, nameOf } from './layout.ts'

/** Heights in rem. */
const LEAST = 5
const MOST = 40
const FIRST = { least: 11, most: 20, share: 0.3 }

/** The instructions from the base to where the eye is: a Dockerfile so far. Its height can be drawn, or set with arrows. */
export function Journal({
  column,
  row,
  locked,
}: {
  readonly column: Column | undefined
  /** The layer that the eye is on, from 0 at the base. */
  readonly row: number | undefined
  readonly locked: boolean
}) {
  const [height, setHeight] = useState(firstHeight)
  const list = useRef<HTMLOListElement>(null)
  const asked = useAnswer(column?.ref, (signal) =>
    call('getImage', { query: { ref: column?.ref ?? '' } }, signal),
  )
  const image = column !== undefined && asked.value?.digest === column.digest ? asked.value : undefined
  const steps = image?.steps ?? []
  const end = steps.findIndex(({ layer }) => layer !== null && layer.index === row)
  const shown = end < 0 ? steps : steps.slice(0, end + 1)
  useEffect(() => {
    // Up to a box: its instruction is the last. A whole image is read from its base.
    list.current?.scrollTo({ top: end < 0 ? 0 : list.current.scrollHeight })
  }, [shown.length, end, column?.ref])
  return (
    <section class="journal" aria-label="Journal" style={{ height: `${height}rem` }}>
      <Handle height={height} setHeight={setHeight} />
      {column === undefined ? (
        <p class="dim">
          Point at a box, or move to one with the arrows: its instructions so far appear here. Boxes with the
          same bytes elsewhere are outlined. <kbd>l</kbd> locks a column, <kbd>Enter</kbd> opens the image.
        </p>
      ) : (
        <>
          <h2>
            {nameOf(column)} {locked && <span class="pill">locked</span>}
          </h2>
          {image === undefined && <p class="dim">Reading its instructions …</p>}
          <ol ref={list} tabIndex={0} aria-label={`Instructions of ${nameOf(column)}`}>
            {shown.map((step, index) => (
              <li key={step.step} class={index === shown.length - 1 && end >= 0 ? 'current' : ''}>
                <ClassGlyph kind={step.class} />
                <code>{visibleText(step.instruction)}</code>
                {step.layer !== null && <Size bytes={step.layer.size} />}
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  )
}

function Handle({
  height,
  setHeight,
}: {
  readonly height: number
  readonly setHeight: (height: number) => void
}) {
  const set = (wanted: number) => setHeight(Math.min(MOST, Math.max(LEAST, wanted)))
  const drag = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    if (event.buttons !== 1) return
    event.currentTarget.setPointerCapture(event.pointerId)
    set((window.innerHeight - event.clientY) / rem())
  }
  return (
    // A separator that can be moved is a control: ARIA says so, whatever its name suggests.
    <div
      role="separator"
      class="handle"
      tabIndex={0}
      aria-label="Height of the journal"
      aria-orientation="horizontal"
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      aria-valuenow={height}
      onPointerDown={drag}
      onPointerMove={drag}
      onKeyDown={(event) => {
        if (event.key === 'ArrowUp') set(height + 1)
        if (event.key === 'ArrowDown') set(height - 1)
      }}
    />
  )
}

/** As much of the window as can be spared. */
function firstHeight(): number {
  const share = Math.round((window.innerHeight * FIRST.share) / rem())
  return Math.min(FIRST.most, Math.max(FIRST.least, share))
}

function rem(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
}
