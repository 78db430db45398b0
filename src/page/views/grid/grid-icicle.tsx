import { sizeText, visibleText } from '../../format.ts'
import { href } from '../../location.ts'
import { type Layout, nameOf } from './layout.ts'

/** Rem that the largest image is high. */
const HEIGHT = 36
/** Below this height, in rem, a box has no room for words. */
const READABLE = 1.1

/** The same boxes with heights true to size: widths are images, heights are bytes. */
export function GridIcicle({ layout }: { readonly layout: Layout }) {
  const { columns, cells } = layout
  const largest = Math.max(1, ...cells.map(({ offset, node }) => offset + node.layer.size))
  const width = 100 / Math.max(1, columns.length)
  const rem = (bytes: number) => (bytes / largest) * HEIGHT
  return (
    <div class="icicle-frame" style={{ '--columns': columns.length }}>
      <div class="icicle-heads" style={{ gridTemplateColumns: `repeat(${columns.length}, 1fr)` }}>
        {columns.map((column) => (
          <a key={column.image} href={href('image', { ref: nameOf(column) })} title={nameOf(column)}>
            {nameOf(column)}
          </a>
        ))}
      </div>
      <div class="icicle" style={{ height: `${HEIGHT}rem` }}>
        {cells.map((cell) => {
          const { key, node, column, span, row, offset } = cell
          const height = rem(node.layer.size)
          const image = columns[column]
          const rest = span > 1 ? `, shared by ${span} images` : ''
          const text = visibleText(node.instruction)
          const size = sizeText(node.layer.size)
          return (
            <a
              key={key}
              class={`cell class-${node.class}${span > 1 ? ' joined' : ''}`}
              href={href('image', { ref: image === undefined ? '' : nameOf(image), layer: row + 1 })}
              title={`${text}, ${size}${rest}`}
              style={{
                left: `${column * width}%`,
                width: `${span * width}%`,
                top: `${rem(offset)}rem`,
                height: `${height}rem`,
              }}
            >
              <span class={height >= READABLE ? 'instruction' : 'sr'}>{text} </span>
              <span class={height >= READABLE ? 'number' : 'sr'}>
                {size}
                <span class="sr"> compressed{rest}</span>
              </span>
            </a>
          )
        })}
      </div>
    </div>
  )
}
