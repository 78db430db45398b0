import type { ComponentChildren } from 'preact'
import { Scroll } from './scroll.tsx'

/** One column: what stands above it, and in the cell of each row. */
interface Column<Row> {
  readonly head: string
  /** A class of its cells. */
  readonly look?: 'strong' | 'wrap' | 'dim'
  readonly cell: (row: Row) => ComponentChildren
}

/** Rows that each have something that can be done to them, in a last column whose head only screen readers say. */
export function ActionTable<Row>({
  label,
  rows,
  keyOf,
  columns,
  action,
}: {
  /** What the table is, where the page has several. */
  readonly label?: string
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string | number
  readonly columns: readonly Column<Row>[]
  readonly action: (row: Row, index: number) => ComponentChildren
}) {
  return (
    <Scroll {...(label !== undefined && { label })}>
      <table class="stacks">
        <thead>
          <tr>
            {columns.map(({ head }) => (
              <th key={head}>{head}</th>
            ))}
            <th>
              <span class="sr">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={keyOf(row)}>
              {columns.map(({ head, look, cell }, at) => (
                <td key={head} class={look} {...(at > 0 && { 'data-label': head })}>
                  {cell(row)}
                </td>
              ))}
              <td class="row-end">{action(row, index)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}
