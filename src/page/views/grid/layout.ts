import type { Grid, GridNode } from '../../api/schema.generated.ts'

export type Column = Grid['columns'][number]

/** One box: a layer, as wide as the images that have it upon the same layers. */
export interface Cell {
  readonly key: string
  /** From 0 at the base. */
  readonly row: number
  /** The first of the columns that it spans. */
  readonly column: number
  readonly span: number
  readonly node: GridNode
  readonly below: Cell | undefined
  /** Compressed bytes of all layers below this one. */
  readonly offset: number
}

export interface Layout {
  readonly columns: readonly Column[]
  /** Row by row, from left to right. */
  readonly cells: readonly Cell[]
  readonly rows: number
}

/**
 * Places the boxes of those columns that `shows` keeps. The tree is walked depth first, images that end at a layer before
 * those that go on, so that every box is one piece; time grows with the number of layers.
 */
export function layoutGrid(grid: Grid, shows: (column: Column) => boolean): Layout {
  const shown = new Map(grid.columns.filter(shows).map((column) => [column.image, column]))
  const columns: Column[] = []
  const cells: Cell[] = []
  const place = (node: GridNode, below: Cell | undefined, path: string): void => {
    const first = columns.length
    const at = cells.length
    const cell = {
      key: path,
      row: below === undefined ? 0 : below.row + 1,
      column: first,
      span: 0,
      node,
      below,
      offset: below === undefined ? 0 : below.offset + below.node.layer.size,
    }
    cells.push(cell)
    for (const image of node.images) {
      const column = shown.get(image)
      if (column !== undefined) columns.push(column)
    }
    for (const [index, child] of node.children.entries()) place(child, cell, `${path}.${index}`)
    cell.span = columns.length - first
    if (cell.span === 0) cells.splice(at)
  }
  for (const [index, root] of grid.roots.entries()) place(root, undefined, String(index))
  // Images without layers stand at the end.
  for (const column of shown.values()) if (!columns.includes(column)) columns.push(column)
  cells.sort((a, b) => a.row - b.row || a.column - b.column)
  return { columns, cells, rows: cells.reduce((most, { row }) => Math.max(most, row + 1), 0) }
}

/** The layout of the images whose name, or the instruction of one of whose boxes, holds a text in any case. */
export function filtered(grid: Grid, text: string): Layout {
  const everything = layoutGrid(grid, () => true)
  if (text === '') return everything
  const found = new Set(
    everything.cells
      .filter(({ node }) => holds(node.instruction, text))
      .flatMap(({ column, span }) => everything.columns.slice(column, column + span)),
  )
  return layoutGrid(grid, (column) => found.has(column) || holds(nameOf(column), text))
}

/** How a column is called: `demo/app:v1`, or with its digest when it was asked for by that. */
export function nameOf({ repository, tag, asked }: Column): string {
  return tag === null ? asked : `${repository}:${tag}`
}

/** Whether a text holds another one, in any case. */
export function holds(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase())
}

/** What the visible images add up to. Bytes are compressed; content that several boxes have is counted once. */
export interface Totals {
  readonly uniqueLayers: number
  readonly uniqueBytes: number
  readonly sumBytes: number
  readonly averageBytes: number
  readonly largestBytes: number
}

/** Totals of the visible boxes; what is saved is the sum without what is there once. */
export function totalsOf({ cells, columns }: Layout): Totals {
  const sizes = new Map(cells.map(({ node }) => [node.layer.digest, node.layer.size]))
  const unique = [...sizes.values()]
  const uniqueBytes = unique.reduce((sum, size) => sum + size, 0)
  return {
    uniqueLayers: unique.length,
    uniqueBytes,
    sumBytes: columns.reduce((sum, { size }) => sum + size, 0),
    averageBytes: unique.length === 0 ? 0 : uniqueBytes / unique.length,
    largestBytes: Math.max(0, ...unique),
  }
}

/** The boxes of one column, the base first. */
export function cellsOf({ cells }: Layout, column: number): Cell[] {
  return cells.filter((cell) => covers(cell, column))
}

/** Where an arrow key leads from a box, with the column that the cursor is in; undefined: nowhere. */
export function neighbour(
  layout: Layout,
  cell: Cell,
  cursor: number,
  key: string,
): { readonly cell: Cell; readonly cursor: number } | undefined {
  const to = (column: number, row: number) => {
    const stack = cellsOf(layout, column)
    const found = stack.find((one) => one.row === row) ?? stack.at(-1)
    return found && { cell: found, cursor: column }
  }
  switch (key) {
    case 'ArrowDown': {
      const next = cellsOf(layout, cursor).find((one) => one.row === cell.row + 1)
      return next && { cell: next, cursor }
    }
    case 'ArrowUp':
      return cell.below && { cell: cell.below, cursor }
    case 'ArrowRight':
      return to(cell.column + cell.span, cell.row)
    case 'ArrowLeft':
      return to(cell.column - 1, cell.row)
    case 'Home':
      return to(0, cell.row)
    case 'End':
      return to(layout.columns.length - 1, cell.row)
    default:
      return undefined
  }
}

function covers({ column, span }: Cell, wanted: number): boolean {
  return wanted >= column && wanted < column + span
}
