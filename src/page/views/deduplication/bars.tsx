import type { ComponentChildren } from 'preact'
import { Size } from '../../parts/values.tsx'

/** Amounts of bytes under each other, to one scale; the first is the whole. */
export function Bars({
  rows,
}: {
  readonly rows: readonly {
    readonly name: string
    readonly kind: 'logical' | 'stored' | 'possible'
    readonly bytes: number
    readonly remark?: ComponentChildren
  }[]
}) {
  const largest = Math.max(1, ...rows.map(({ bytes }) => bytes))
  return (
    <dl class="waterfall">
      {rows.map(({ name, kind, bytes, remark }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <span class={`fall ${kind}`} style={{ width: `${(bytes / largest) * 100}%` }} />
            <span>
              <Size bytes={bytes} /> {remark !== undefined && <span class="dim">{remark}</span>}
            </span>
          </dd>
        </div>
      ))}
    </dl>
  )
}
