import { useRef } from 'preact/hooks'
import type { LayerIndex } from '../../api/schema.generated.ts'
import { visibleText } from '../../format.ts'
import { Count, Digest, Size } from '../../parts/values.tsx'
import { Fact } from '../files/file-facts.tsx'
import { isPending, stateText } from '../files/index-states.ts'
import { leftText, type Progress, secondsLeft } from './time-left.ts'

/** How long a reading that is watched will take yet, in words. */
function useTimeLeft({ layer, size, read }: LayerIndex): string | undefined {
  const first = useRef<(Progress & { readonly layer: string }) | undefined>(undefined)
  if (read === undefined) {
    first.current = undefined
    return undefined
  }
  const now = { layer, at: performance.now(), read }
  const known = first.current
  if (known === undefined || known.layer !== layer || read < known.read) first.current = now
  const seconds = secondsLeft(first.current ?? now, now, size)
  return seconds === undefined ? undefined : leftText(seconds)
}

/** What a look into a layer found, as far as it is. */
export function LayerFacts({ index }: { readonly index: LayerIndex }) {
  const { size, state, reason, read, compression, unpacked, files, bytes, whiteouts, diffId } = index
  const left = useTimeLeft(index)
  if (isPending(state))
    return (
      <p class="notice" role="status">
        <span>
          The layer {stateText(state)}
          {read !== undefined && (
            <>
              : <Size bytes={read} /> of <Size bytes={size} /> are read (compressed)
              {left !== undefined && `, ${left}`}
            </>
          )}
          {read === undefined && (
            <>
              , <Size bytes={size} /> as pushed
            </>
          )}
          . Its files appear by themselves.
        </span>
      </p>
    )
  if (state !== 'done')
    return (
      <p class="notice notice-bad" role="status">
        <span>
          The layer {stateText(state)}
          {reason !== undefined && `: ${visibleText(reason)}`}. It can be pulled all the same:{' '}
          <Size bytes={size} />.
        </span>
      </p>
    )
  return (
    <dl class="file-facts">
      <Fact name="compressed">
        <Size bytes={size} /> <span class="dim">{compression === 'none' ? 'as it is' : compression}</span>
      </Fact>
      {unpacked !== undefined && (
        <Fact name="unpacked">
          <Size bytes={unpacked} />
        </Fact>
      )}
      {files !== undefined && (
        <Fact name="files">
          <Count count={files} />{' '}
          {bytes !== undefined && (
            <span class="dim">
              <Size bytes={bytes} /> in them
            </span>
          )}
        </Fact>
      )}
      {whiteouts !== undefined && (
        <Fact name="hides from below">
          <Count count={whiteouts} />
        </Fact>
      )}
      {diffId !== undefined && (
        <Fact name="diff id (sha256, unpacked)">
          <Digest digest={diffId} />
        </Fact>
      )}
    </dl>
  )
}
