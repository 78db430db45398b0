import type { ImageView as Image, PullPlan } from '../../api/schema.generated.ts'
import { href } from '../../location.ts'
import { FirstRows } from '../../parts/first-rows.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { Digest, Foreign, Size } from '../../parts/values.tsx'

/** Each layer of the wanted image, the base first: moved or kept. */
export function PullTable({ plan, steps }: { readonly plan: PullPlan; readonly steps: Image['steps'] }) {
  const made = new Map(steps.map(({ layer, instruction }) => [layer?.index, instruction]))
  return (
    <FirstRows rows={plan.layers} what="layers">
      {(layers) => <Rows layers={layers} made={made} />}
    </FirstRows>
  )
}

function Rows({
  layers,
  made,
}: {
  readonly layers: PullPlan['layers']
  /** The instruction that made each layer. */
  readonly made: ReadonlyMap<number | undefined, string>
}) {
  return (
    <Scroll label="Layers">
      <table class="pull-table">
        <thead>
          <tr>
            <th class="number">Layer</th>
            <th>Instruction</th>
            <th class="of-digest">Digest</th>
            <th class="number">Compressed</th>
            <th>On this pull</th>
          </tr>
        </thead>
        <tbody>
          {layers.map(({ digest, size, kept, keptInChain }, index) => (
            <tr key={`${index} ${digest}`} class={kept ? 'kept' : 'moved'}>
              <td class="number">
                <a href={href('layer', { digest })}>{index + 1}</a>
              </td>
              <td class="clip">
                <code>
                  <Foreign text={made.get(index) ?? ''} />
                </code>
              </td>
              <td class="of-digest">
                <Digest digest={digest} />
              </td>
              <td class="number">
                <Size bytes={size} />
              </td>
              <td>
                {kept ? '= kept' : '↓ moves'}
                {kept && !keptInChain && <span class="dim"> (moves to docker’s classic store)</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}
