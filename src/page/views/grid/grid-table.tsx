import { ClassGlyph } from '../../parts/class-glyph.tsx'
import { FirstRows } from '../../parts/first-rows.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { Digest, Foreign, Size } from '../../parts/values.tsx'
import { type Layout, nameOf } from './layout.ts'

/** The grid as rows, for who reads better than looks: every box with the images that have it. */
export function GridTable({ layout }: { readonly layout: Layout }) {
  return (
    <FirstRows rows={layout.cells} what="boxes">
      {(cells) => <Rows layout={layout} cells={cells} />}
    </FirstRows>
  )
}

function Rows({ layout, cells }: { readonly layout: Layout; readonly cells: Layout['cells'] }) {
  return (
    <Scroll>
      <table>
        <thead>
          <tr>
            <th class="number">Layer</th>
            <th>Instruction</th>
            <th class="number">Compressed</th>
            <th>Digest</th>
            <th>Images</th>
          </tr>
        </thead>
        <tbody>
          {cells.map(({ key, node, row, column, span }) => (
            <tr key={key}>
              <td class="number">{row + 1}</td>
              <td class="wrap">
                <ClassGlyph kind={node.class} />{' '}
                <code>
                  <Foreign text={node.instruction} />
                </code>
              </td>
              <td class="number">
                <Size bytes={node.layer.size} />
              </td>
              <td>
                <Digest digest={node.layer.digest} />
              </td>
              <td class="wrap">
                {layout.columns
                  .slice(column, column + span)
                  .map(nameOf)
                  .join(', ')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}
