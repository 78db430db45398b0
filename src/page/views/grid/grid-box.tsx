import { useMemo } from 'preact/hooks'
import { sizeText, visibleText } from '../../format.ts'
import { ClassGlyph } from '../../parts/class-glyph.tsx'
import type { Cell } from './layout.ts'

/** A layer at its place. Of thousands only those are drawn anew that look otherwise than before. */
export function GridBox({
  cell,
  look,
  largest,
  focusable,
}: {
  readonly cell: Cell
  /** Its classes. */
  readonly look: string
  /** Bytes of the largest layer, which has the longest bar. */
  readonly largest: number
  readonly focusable: boolean
}) {
  return useMemo(() => {
    const { key, node, row, column, span } = cell
    return (
      <div
        role="gridcell"
        class={look}
        style={{ gridColumn: `${column + 1} / span ${span}`, gridRow: row + 2 }}
        aria-colindex={column + 1}
        aria-colspan={span}
        tabIndex={focusable ? 0 : -1}
        data-cell={key}
      >
        <ClassGlyph kind={node.class} />
        <span class="instruction">{visibleText(node.instruction)} </span>
        <span class="number dim">
          {sizeText(node.layer.size)}
          <span class="sr"> {restOf(cell)}</span>
        </span>
        <span class="inner-bar" style={{ width: `${(node.layer.size / largest) * 100}%` }} />
      </div>
    )
  }, [cell, look, largest, focusable])
}

/** What the picture says by its place and width. */
function restOf({ span, row }: Cell): string {
  return `compressed, layer ${row + 1}${span > 1 ? `, shared by ${span} images` : ''}`
}
