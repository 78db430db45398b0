import { call } from '../../api/client.ts'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { percentText, plural } from '../../format.ts'
import { go, here, href } from '../../location.ts'
import { PairForm } from '../../parts/pair-form.tsx'
import { Answered, Commands } from '../../parts/states.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { Size } from '../../parts/values.tsx'
import { bytesWhere, layersToPull } from './pull-cost.ts'
import { PullTable } from './pull-table.tsx'
import './pull.css'

/** What a machine that has one image moves to get another one. */
export function PullView() {
  const { query } = here.value
  const have = query.getAll('have').filter((ref) => ref !== '')
  const want = query.get('want') ?? ''
  const platform = query.get('platform') ?? undefined
  useTitle(want === '' ? 'Pull cost' : `Pull cost of ${want}`)
  const asked = useAnswer(
    want === '' ? undefined : JSON.stringify(['pull', have, want, platform]),
    async (signal) => {
      const ask = (ref: string) => call('getImage', { query: { ref, platform } }, signal)
      const [wanted, ...there] = await Promise.all([want, ...have].map(ask))
      if (wanted === undefined) throw new TypeError('an image was asked for')
      return { have: there, want: wanted }
    },
  )
  return (
    <>
      <h1>Pull cost</h1>
      <PairForm
        key={`${have.join(' ')} ${want}`}
        labels={['The machine has', 'It pulls']}
        values={[have[0] ?? '', want]}
        mayBeEmpty
        action="Count"
        done={(first, second) => go(href('pull', { have: first, want: second, platform }))}
      />
      {want === '' ? (
        <p class="dim">
          Choose what a machine has (or nothing) and what it pulls: which layers move, and how many bytes.
        </p>
      ) : (
        <Answered asked={asked} what={`Reading ${want}`}>
          {(images) => <Shown {...images} />}
        </Answered>
      )}
    </>
  )
}

function Shown({ have, want }: { readonly have: readonly Image[]; readonly want: Image }) {
  const layers = layersToPull(have, want)
  const all = bytesWhere(layers, () => true)
  const moved = bytesWhere(layers, ({ kept }) => !kept)
  const movedInChain = bytesWhere(layers, ({ keptInChain }) => !keptInChain)
  const count = layers.filter(({ kept }) => !kept).length
  return (
    <>
      <p class="answer">
        {count === 0 ? (
          'No layer moves: the machine has all of them.'
        ) : (
          <>
            <strong>
              <Size bytes={moved} />
            </strong>{' '}
            move in {plural(count, 'layer')}, of <Size bytes={all} /> in {layers.length} (compressed):{' '}
            {percentText(all === 0 ? 0 : 1 - moved / all)} is there already.
          </>
        )}
      </p>
      <div class="meter wide" aria-hidden="true">
        <span style={{ width: `${all === 0 ? 0 : (moved / all) * 100}%` }} />
      </div>
      <p class="dim">
        Manifest and configuration come on top, a few kilobytes.{' '}
        {movedInChain !== moved && (
          <>
            Docker’s classic image store reuses a layer only upon the same layers, and moves{' '}
            <Size bytes={movedInChain} />.
          </>
        )}
      </p>
      <PullTable layers={layers} />
      <Commands
        lines={[
          `docker pull ${location.host}/${want.tag === null ? want.ref : `${want.repository}:${want.tag}`}`,
        ]}
      />
    </>
  )
}
