import { Size } from '../../parts/values.tsx'

/** One bar: what both have, what only A has, what only B has. Compressed bytes. */
export function ShareBar({
  shared,
  onlyA,
  onlyB,
}: {
  readonly shared: number
  readonly onlyA: number
  readonly onlyB: number
}) {
  const parts = [
    ['only A', 'only-a', onlyA],
    ['shared', 'both', shared],
    ['only B', 'only-b', onlyB],
  ] as const
  const total = Math.max(1, shared + onlyA + onlyB)
  return (
    <div class="share">
      <div class="share-bar" aria-hidden="true">
        {parts.map(([name, style, bytes]) => (
          <span key={name} class={style} style={{ width: `${(bytes / total) * 100}%` }} />
        ))}
      </div>
      <dl class="facts">
        {parts.map(([name, style, bytes]) => (
          <div key={name}>
            <dt>
              <span class={`key ${style}`} /> {name}
            </dt>
            <dd>
              <Size bytes={bytes} />
            </dd>
          </div>
        ))}
      </dl>
    </div>
  )
}
