import { percentText, plural, shortDigest, sizeText, visibleText } from '../../format.ts'
import { Scroll } from '../../parts/scroll.tsx'
import { Size } from '../../parts/values.tsx'
import type { Fate, Piece } from './pieces.ts'
import type { Sending } from './send-archive.ts'

/** Smaller pieces, such as configurations, are told together. */
const SMALL = 10_000

/** Every layer with its own progress. */
export function PieceList({ now }: { readonly now: Sending }) {
  const pieces = now.pieces ?? []
  const large = pieces.filter(({ size }) => size >= SMALL)
  const small = pieces.filter(({ size }) => size < SMALL)
  return (
    <Scroll label="Layers of the archive">
      <table class="pieces stacks">
        <thead>
          <tr>
            <th>Content</th>
            <th class="number">Size</th>
            <th>State</th>
          </tr>
        </thead>
        <tbody>
          {large.map((piece) => (
            <tr key={piece.path}>
              <td>
                <code title={visibleText(piece.path)}>
                  {piece.digest === undefined ? visibleText(piece.path) : shortDigest(piece.digest)}
                </code>
              </td>
              <td class="number" data-label="Size">
                <Size bytes={piece.size} />
              </td>
              <td data-label="State">
                <State piece={piece} now={now} />
              </td>
            </tr>
          ))}
          {small.length > 0 && (
            <tr>
              <td class="dim">{plural(small.length, 'small file')}, such as configurations</td>
              <td class="number" data-label="Size">
                {sizeText(small.reduce((sum, { size }) => sum + size, 0))}
              </td>
              <td />
            </tr>
          )}
        </tbody>
      </table>
    </Scroll>
  )
}

const FATES: Readonly<Record<Fate, readonly [glyph: string, text: string]>> = {
  present: ['✓', 'already here'],
  mounted: ['✓', 'here, in another repository'],
  stored: ['+', 'stored'],
}

function State({ piece: { path }, now }: { readonly piece: Piece; readonly now: Sending }) {
  const fate = now.fates.get(path)
  if (fate !== undefined) {
    const [glyph, text] = FATES[fate]
    return (
      <span class={fate === 'stored' ? 'good' : 'dim'}>
        {glyph} {text}
      </span>
    )
  }
  const [from, to] = now.places.get(path) ?? [0, 0]
  if (now.sent <= from) return <span class="dim">waits</span>
  if (now.sent >= to) return <span>sent</span>
  const share = (now.sent - from) / (to - from)
  return (
    <span class="sending">
      <span class="meter" aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>{' '}
      {percentText(share)}
    </span>
  )
}
