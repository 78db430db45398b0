import type { Operations } from '../../api/schema.generated.ts'
import { percentText } from '../../format.ts'
import { Size } from '../../parts/values.tsx'

/** What a project holds of what it may hold. */
export function UsageLine({ usage }: { readonly usage: Operations['getUsage']['answer'] }) {
  const { used, quota } = usage
  const share = quota === undefined ? 0 : quota === 0 ? 1 : Math.min(1, used / quota)
  return (
    <p class="dim usage">
      <span>
        <Size bytes={used} /> of distinct content (compressed)
        {quota !== undefined && (
          <>
            {' '}
            of <Size bytes={quota} /> ({percentText(share)})
          </>
        )}
      </span>
      {quota !== undefined && (
        <span class={`meter${share > 0.9 ? ' full' : ''}`} aria-hidden="true">
          <span style={{ width: `${share * 100}%` }} />
        </span>
      )}
    </p>
  )
}
