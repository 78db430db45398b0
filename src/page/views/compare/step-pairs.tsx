import { useMemo } from 'preact/hooks'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { deltaText, sizeText, visibleText } from '../../format.ts'
import { ClassGlyph } from '../../parts/class-glyph.tsx'
import { FirstRows } from '../../parts/first-rows.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { alignSteps, type Pair } from './compare.ts'

const MARKS: Readonly<Record<Pair['how'], readonly [mark: string, meaning: string]>> = {
  same: ['=', 'the same'],
  changed: ['~', 'the same instruction, other bytes'],
  'only-a': ['−', 'only in A'],
  'only-b': ['+', 'only in B'],
}

/** The steps of both images side by side. */
export function StepPairs({ a, b }: { readonly a: Image; readonly b: Image }) {
  const pairs = useMemo(() => alignSteps(a.steps, b.steps), [a, b])
  return (
    <section>
      <h2>Steps</h2>
      <FirstRows rows={pairs} what="steps" first={100}>
        {(some) => <Pairs pairs={some} />}
      </FirstRows>
    </section>
  )
}

function Pairs({ pairs }: { readonly pairs: readonly Pair[] }) {
  return (
    <Scroll label="Steps side by side">
      <table class="pairs-table step-pairs">
        <thead>
          <tr>
            <th>
              <span class="sr">How</span>
            </th>
            <th>
              A<span class="narrow"> or B</span>
            </th>
            <th class="of-b">B</th>
            <th class="number">Compressed</th>
          </tr>
        </thead>
        <tbody>
          {pairs.map(({ a: left, b: right, how }, index) => {
            const [mark, meaning] = MARKS[how]
            return (
              <tr key={String(index)} class={how}>
                <td class="mark" title={meaning}>
                  <span aria-hidden="true">{mark}</span>
                  <span class="sr">{meaning}</span>
                </td>
                <StepCell step={left} place="of-a" />
                <StepCell step={right} place="of-b" />
                <td class="number">{sizes(left?.layer?.size, right?.layer?.size, how)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </Scroll>
  )
}

function StepCell({ step, place }: { readonly step: Pair['a']; readonly place: 'of-a' | 'of-b' }) {
  if (step === undefined) return <td class={place} />
  const text = visibleText(step.instruction)
  return (
    <td class={`clip ${place}`} title={text}>
      <ClassGlyph kind={step.class} /> <code>{text}</code>
    </td>
  )
}

function sizes(a: number | undefined, b: number | undefined, how: Pair['how']): string {
  if (how === 'same') return a === undefined ? '' : sizeText(a)
  if (a === undefined && b === undefined) return ''
  return a === b ? 'same size' : deltaText((b ?? 0) - (a ?? 0))
}
