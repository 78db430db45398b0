import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { go, here, href, setQuery } from '../../location.ts'
import { ColumnHead } from './column-head.tsx'
import { GridBox } from './grid-box.tsx'
import { Journal } from './journal.tsx'
import { type Cell, cellsOf, holds, type Layout, nameOf, neighbour } from './layout.ts'

/** Where the eye is: a box, or the whole of a column. */
interface Pointed {
  readonly cell: Cell
  readonly column: number
  /** The image as a whole: its head, or its lock. */
  readonly whole?: boolean
}

/** The grid itself: one column for each image, rows from the base down, boxes joined where images share. */
export function GridBoard({
  layout,
  filter,
  drop,
}: {
  readonly layout: Layout
  readonly filter: string
  readonly drop: (asked: string) => void
}) {
  const board = useRef<HTMLDivElement>(null)
  const [pointed, setPointed] = useState<Pointed | undefined>(undefined)
  const [cursor, setCursor] = useState<{ readonly key: string; readonly column: number } | undefined>(
    undefined,
  )
  const locked = lockedColumn(layout)
  const { rows, byKey, largest } = useMemo(() => boxesOf(layout), [layout])
  const eye = locked === undefined ? pointed : tipOf(layout, locked)
  const focusKey = byKey.get(cursor?.key ?? '')?.key ?? layout.cells[0]?.key
  const point = (cell: Cell, column = cell.column) => setPointed({ cell, column })
  const cellAt = ({ target }: Event): Cell | undefined => {
    const box = target instanceof Element ? target.closest('[data-cell]') : null
    return byKey.get(box?.getAttribute('data-cell') ?? '')
  }

  useEffect(() => setPointed(undefined), [layout])

  const onKey = (event: KeyboardEvent) => {
    const cell = cellAt(event)
    if (cell === undefined) return
    const column = cursor?.key === cell.key ? cursor.column : cell.column
    if (event.key === 'l') return toggleLock(layout, column)
    if (event.key === 'Enter') return go(imageHref(layout, cell, column))
    const next = neighbour(layout, cell, column, event.key)
    if (next === undefined) return
    event.preventDefault()
    setCursor({ key: next.cell.key, column: next.cursor })
    board.current?.querySelector<HTMLElement>(`[data-cell="${next.cell.key}"]`)?.focus()
    point(next.cell, next.cursor)
  }
  const onOver = (event: MouseEvent) => {
    const cell = cellAt(event)
    if (cell !== undefined && (cell.key !== pointed?.cell.key || pointed.whole === true)) point(cell)
  }
  const onFocus = (event: FocusEvent) => {
    const cell = cellAt(event)
    if (cell !== undefined) point(cell, cursor?.key === cell.key ? cursor.column : cell.column)
  }
  const onClick = (event: MouseEvent) => {
    const cell = cellAt(event)
    if (cell !== undefined) go(imageHref(layout, cell, cell.column))
  }

  return (
    <>
      <div class="board-frame">
        <div
          class="board"
          role="grid"
          aria-label="Layers of the images, the base on top"
          aria-colcount={layout.columns.length}
          ref={board}
          style={{ gridTemplateColumns: `repeat(${layout.columns.length}, minmax(11rem, 22rem))` }}
          onMouseOver={onOver}
          onMouseLeave={() => setPointed(undefined)}
          onFocusIn={onFocus}
          onKeyDown={onKey}
          onClick={onClick}
        >
          <div role="row" class="row">
            {layout.columns.map((column, index) => (
              <ColumnHead
                key={column.image}
                column={column}
                at={index}
                locked={locked === index}
                point={() => setPointed(tipOf(layout, index))}
                lock={() => toggleLock(layout, index)}
                drop={() => drop(column.asked)}
              />
            ))}
          </div>
          {rows.map((cells, row) => (
            <div role="row" class="row" key={row}>
              {cells.map((cell) => (
                <GridBox
                  key={cell.key}
                  cell={cell}
                  look={classesOf(cell, { eye, locked, filter })}
                  largest={largest}
                  focusable={cell.key === focusKey}
                />
              ))}
            </div>
          ))}
        </div>
      </div>
      <Journal
        column={eye === undefined ? undefined : layout.columns[eye.column]}
        row={eye?.whole === true ? undefined : eye?.cell.row}
        locked={locked !== undefined}
      />
    </>
  )
}

/** The boxes row by row, by their keys, and the bytes of the largest. */
function boxesOf({ cells }: Layout) {
  return {
    rows: [...Map.groupBy(cells, ({ row }) => row).values()],
    byKey: new Map(cells.map((cell) => [cell.key, cell])),
    largest: cells.reduce((most, { node }) => Math.max(most, node.layer.size), 1),
  }
}

function tipOf(layout: Layout, column: number): Pointed | undefined {
  const cell = cellsOf(layout, column).at(-1)
  return cell && { cell, column, whole: true }
}

function lockedColumn({ columns }: Layout): number | undefined {
  const wanted = here.value.query.get('lock')
  const at = columns.findIndex((column) => column.asked === wanted || nameOf(column) === wanted)
  return at < 0 ? undefined : at
}

function toggleLock(layout: Layout, column: number): void {
  const image = layout.columns[column]
  if (image !== undefined) setQuery({ lock: lockedColumn(layout) === column ? undefined : nameOf(image) })
}

function classesOf(
  { key, node, column, span }: Cell,
  about: { readonly eye: Pointed | undefined; readonly locked: number | undefined; readonly filter: string },
): string {
  const { eye, locked, filter } = about
  const names = [`cell class-${node.class}`]
  if (span > 1) names.push('joined')
  if (eye !== undefined && eye.cell.key !== key && eye.cell.node.layer.digest === node.layer.digest)
    names.push('same')
  if (eye !== undefined && isBelow(key, eye.cell)) names.push('trunk')
  if (locked !== undefined && locked >= column && locked < column + span) names.push('locked')
  if (filter !== '' && holds(node.instruction, filter)) names.push('found')
  return names.join(' ')
}

/** Keys are paths in the tree. */
function isBelow(key: string, cell: Cell): boolean {
  return cell.key === key || cell.key.startsWith(`${key}.`)
}

function imageHref({ columns }: Layout, cell: Cell, column: number): string {
  const image = columns[column]
  return href('image', { ref: image === undefined ? '' : nameOf(image), layer: cell.row + 1 })
}
