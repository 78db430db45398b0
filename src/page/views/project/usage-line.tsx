import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { percentText } from '../../format.ts'
import { Size } from '../../parts/values.tsx'

/** What a project holds of what it may hold. */
export function UsageLine({ project }: { readonly project: string }) {
  const { value } = useAnswer(`usage ${project}`, (signal) =>
    call('getUsage', { params: { project } }, signal),
  )
  if (value === undefined) return null
  const { used, quota } = value
  return (
    <span class="dim">
      <Size bytes={used} /> of distinct content
      {quota !== undefined && (
        <>
          {' '}
          of <Size bytes={quota} /> ({percentText(quota === 0 ? 1 : used / quota)})
        </>
      )}
    </span>
  )
}
