import { plural } from '../../format.ts'
import { href } from '../../location.ts'
import { BadgeButton } from '../../parts/badge-button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Foreign, Size } from '../../parts/values.tsx'
import { type Column, nameOf } from './layout.ts'

/** The head of a column: the image, its size, and what one can do with it. */
export function ColumnHead({
  column,
  at,
  locked,
  point,
  lock,
  drop,
}: {
  readonly column: Column
  readonly at: number
  readonly locked: boolean
  readonly point: () => void
  readonly lock: () => void
  readonly drop: () => void
}) {
  const name = nameOf(column)
  return (
    <div
      role="columnheader"
      class={locked ? 'column-head locked' : 'column-head'}
      style={{ gridColumn: at + 1, gridRow: 1 }}
      aria-colindex={at + 1}
      onMouseEnter={point}
    >
      <a href={href('image', { ref: name })} title={name} class="strong">
        <Foreign text={name} />
      </a>
      <span class="dim">
        <Size bytes={column.size} /> · {plural(column.layers, 'layer')}
        {column.platform !== null && <> · {column.platform}</>}
      </span>
      <span class="column-tools">
        <button
          type="button"
          class="icon-button"
          aria-pressed={locked}
          title={
            locked
              ? 'Unlock: the journal follows the pointer again'
              : 'Lock: the journal stays with this image'
          }
          aria-label={locked ? `Unlock ${name}` : `Lock ${name}`}
          onClick={lock}
        >
          <Icon name={locked ? 'lock' : 'open'} />
        </button>
        <BadgeButton image={name} small />
        <button
          type="button"
          class="icon-button"
          title="Take it out of the grid"
          aria-label={`Remove ${name}`}
          onClick={drop}
        >
          <Icon name="close" />
        </button>
      </span>
    </div>
  )
}
