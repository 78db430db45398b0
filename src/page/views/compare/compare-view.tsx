import { call } from '../../api/client.ts'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { deltaText, plural } from '../../format.ts'
import { go, here, href } from '../../location.ts'
import { Fold } from '../../parts/fold.tsx'
import { PairForm } from '../../parts/pair-form.tsx'
import { Answered } from '../../parts/states.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { bytesOf, nameOf, splitLayers } from './compare.ts'
import { ConfigDifferences } from './config-differences.tsx'
import { FileDifferences } from './file-differences.tsx'
import { PackagesPart } from './packages-part.tsx'
import { ShareBar } from './share-bar.tsx'
import { StepPairs } from './step-pairs.tsx'
import './compare.css'

/** What differs between two images, from the large to the small. */
export function CompareView() {
  const { query } = here.value
  const [a, b] = [query.get('a') ?? '', query.get('b') ?? '']
  const platform = query.get('platform') ?? undefined
  const ready = a !== '' && b !== ''
  useTitle(ready ? `${a} and ${b}` : 'Compare')
  const asked = useAnswer(ready ? `compare ${a} ${b} ${platform ?? ''}` : undefined, async (signal) => {
    const [left, right] = await Promise.all(
      [a, b].map((ref) => call('getImage', { query: { ref, platform } }, signal)),
    )
    if (left === undefined || right === undefined) throw new TypeError('two images were asked for')
    return { a: left, b: right }
  })
  return (
    <>
      <h1>Compare</h1>
      <PairForm
        key={`${a} ${b}`}
        labels={['A, before', 'B, after']}
        values={[a, b]}
        action="Compare"
        done={(first, second) => go(href('compare', { a: first, b: second, platform }))}
      />
      {ready ? (
        <Answered asked={asked} what={`Reading ${a} and ${b}`}>
          {(pair) => <Shown {...pair} platform={platform} />}
        </Answered>
      ) : (
        <p class="dim">
          Choose two images: what they share, which steps differ, and what their configurations say.
        </p>
      )}
    </>
  )
}

function Shown({
  a,
  b,
  platform,
}: {
  readonly a: Image
  readonly b: Image
  readonly platform: string | undefined
}) {
  const split = splitLayers(a, b)
  const delta = b.totals.size - a.totals.size
  return (
    <>
      <p>
        {a.digest === b.digest ? (
          'Both names lead to the same image.'
        ) : (
          <>
            B is <strong>{deltaText(delta)}</strong> compressed; they share{' '}
            {plural(split.shared.length, 'layer')}.{' '}
            <a href={href('grid', { i: [nameOf(a), nameOf(b)] })}>In the grid</a> ·{' '}
            <a href={href('pull', { have: nameOf(a), want: nameOf(b) })}>Pull cost</a>
          </>
        )}
      </p>
      <ShareBar shared={bytesOf(split.shared)} onlyA={bytesOf(split.onlyA)} onlyB={bytesOf(split.onlyB)} />
      <StepPairs a={a} b={b} />
      {a.digest !== b.digest && <FileDifferences images={{ a, b }} platform={platform} />}
      <ConfigDifferences a={a} b={b} />
      {a.digest !== b.digest && (
        <div class="folds">
          <Fold name="packages" title="Packages">
            {() => <PackagesPart a={a} b={b} />}
          </Fold>
        </div>
      )}
    </>
  )
}
