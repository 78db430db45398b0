import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { countText } from '../format.ts'

/** Rows that are drawn at first, and with each click: a browser takes a second for some thousands. */
const FIRST = 200
const MORE = 1000

/** The first rows of a list that may have ten thousands, and the way to the next ones. */
export function FirstRows<Row>({
  rows,
  what,
  first = FIRST,
  children,
}: {
  readonly rows: readonly Row[]
  /** What they are, as more of them are asked for. */
  readonly what: string
  readonly first?: number
  readonly children: (rows: readonly Row[]) => ComponentChildren
}) {
  const [shown, setShown] = useState(first)
  const left = rows.length - shown
  return (
    <>
      {children(left > 0 ? rows.slice(0, shown) : rows)}
      {left > 0 && (
        <p class="dim">
          {countText(shown)} of {countText(rows.length)} {what}.{' '}
          <button type="button" class="link" onClick={() => setShown(shown + MORE)}>
            Show {left <= MORE ? 'the rest' : `${countText(MORE)} more`}
          </button>
        </p>
      )}
    </>
  )
}
