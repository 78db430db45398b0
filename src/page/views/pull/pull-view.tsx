import { useEffect } from 'preact/hooks'
import { call } from '../../api/client.ts'
import type { ImageView as Image, PullPlan } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { percentText, plural } from '../../format.ts'
import { go, here, href } from '../../location.ts'
import { PairForm } from '../../parts/pair-form.tsx'
import { Answered, Commands } from '../../parts/states.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { Size } from '../../parts/values.tsx'
import { pullCommand } from '../../pull-command.ts'
import { areComing, PATIENCE } from '../files/index-states.ts'
import { PullTable } from './pull-table.tsx'
import { Ways } from './ways.tsx'
import './pull.css'

/** What a machine that has some images moves to get another one. */
export function PullView() {
  const { query } = here.value
  const have = query.getAll('have').filter((ref) => ref !== '')
  const want = query.get('want') ?? ''
  const platform = query.get('platform') ?? undefined
  useTitle(want === '' ? 'Pull cost' : `Pull cost of ${want}`)
  const asked = useAnswer(
    want === '' ? undefined : JSON.stringify(['pull', have, want, platform]),
    async (signal) => {
      const [plan, image] = await Promise.all([
        call('getPullPlan', { body: { have, want, ...(platform !== undefined && { platform }) } }, signal),
        call('getImage', { query: { ref: want, platform } }, signal),
      ])
      return { plan, image }
    },
  )
  return (
    <>
      <h1>Pull cost</h1>
      <PairForm
        key={`${have.join(' ')} ${want}`}
        labels={['The machine has', 'It pulls']}
        values={[have.join(' '), want]}
        mayBeEmpty
        action="Count"
        done={(first, second) => go(href('pull', { have: first.split(/[\s,]+/), want: second, platform }))}
      />
      {want === '' ? (
        <p class="dim">
          Choose what a machine has (nothing, one image, or several apart by spaces) and what it pulls: which
          layers move, and how many bytes.
        </p>
      ) : (
        <Answered asked={asked} what={`Counting what moves for ${want}`}>
          {(answer) => <Shown {...answer} asked={want} again={asked.again} />}
        </Answered>
      )}
    </>
  )
}

function Shown({
  plan,
  image,
  asked,
  again,
}: {
  readonly plan: PullPlan
  readonly image: Image
  readonly asked: string
  readonly again: () => void
}) {
  const platform = here.value.query.get('platform') ?? undefined
  const waits = plan.files === null && areComing(image)
  useEffect(() => {
    if (!waits) return undefined
    const timer = setTimeout(again, PATIENCE)
    return () => clearTimeout(timer)
  }, [waits, plan])
  const all = image.totals.size
  const { bytes, count } = plan.layer
  return (
    <>
      <p class="answer">
        {count === 0 ? (
          'No layer moves: the machine has all of them.'
        ) : (
          <>
            <strong>
              <Size bytes={bytes} />
            </strong>{' '}
            move in {plural(count, 'layer')}, of <Size bytes={all} /> in {plan.layers.length} (compressed):{' '}
            {percentText(all === 0 ? 0 : 1 - bytes / all)} is there already.
          </>
        )}
      </p>
      <Ways plan={plan} all={all} waits={waits} />
      <PullTable plan={plan} steps={image.steps} />
      <Commands lines={[pullCommand({ ref: asked, artifactType: image.artifactType, platform })]} />
    </>
  )
}
