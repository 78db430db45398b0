import { call } from '../../api/client.ts'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { plural, visibleText } from '../../format.ts'
import { Scroll } from '../../parts/scroll.tsx'
import { Answered } from '../../parts/states.tsx'
import { packageGaps } from '../files/package-gaps.ts'
import { packageDifferences } from './package-differences.ts'

/** Which packages differ between two images. */
export function PackagesPart({ a, b }: { readonly a: Image; readonly b: Image }) {
  const asked = useAnswer(`packages ${a.ref} ${b.ref}`, async (signal) => {
    const ask = (ref: string) => call('getPackages', { query: { ref } }, signal)
    const [left, right] = [await ask(a.ref), await ask(b.ref)]
    return { left, right, differences: packageDifferences(left.packages, right.packages) }
  })
  return (
    <Answered asked={asked} what="Reading the lists of packages">
      {({ left, right, differences }) => {
        const gaps = [...packageGaps(a, left, ' of A'), ...packageGaps(b, right, ' of B')]
        return (
          <>
            {gaps.length > 0 && (
              <p class="notice" role="status">
                Not read: {gaps.join(', ')}.
              </p>
            )}
            {differences.length === 0 ? (
              <p class="dim">
                {left.packages.length + right.packages.length === 0
                  ? 'Neither has a list of packages that is known.'
                  : 'Both have the same packages in the same versions.'}
              </p>
            ) : (
              <Differences differences={differences} />
            )}
            {(left.more || right.more) && <p class="dim">There are more packages than are compared.</p>}
          </>
        )
      }}
    </Answered>
  )
}

function Differences({ differences }: { readonly differences: ReturnType<typeof packageDifferences> }) {
  return (
    <>
      <p class="dim">{plural(differences.length, 'package differs', 'packages differ')}.</p>
      <Scroll label="Packages side by side">
        <table class="stacks">
          <thead>
            <tr>
              <th>Package</th>
              <th>A</th>
              <th>B</th>
            </tr>
          </thead>
          <tbody>
            {differences.map(({ type, name, a, b }) => (
              <tr key={`${type} ${name}`}>
                <td class="wrap">
                  <bdi class="mono">{visibleText(name)}</bdi> <span class="dim">{type}</span>
                </td>
                <Versions of={a} label="A" />
                <Versions of={b} label="B" />
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  )
}

function Versions({ of, label }: { readonly of: readonly string[]; readonly label: string }) {
  return (
    <td class="wrap" data-label={label}>
      {of.length === 0 ? <span class="dim">–</span> : <bdi>{of.map(visibleText).join(', ')}</bdi>}
    </td>
  )
}
