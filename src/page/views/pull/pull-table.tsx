import { Digest, Foreign, Size } from '../../parts/values.tsx'
import type { Moved } from './pull-cost.ts'

/** Each layer of the wanted image: moved or kept. */
export function PullTable({ layers }: { readonly layers: readonly Moved[] }) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Layer</th>
            <th>Instruction</th>
            <th>Digest</th>
            <th class="number">Compressed</th>
            <th>On this pull</th>
          </tr>
        </thead>
        <tbody>
          {layers.map(({ layer, instruction, kept }) => (
            <tr key={layer.index} class={kept ? 'kept' : 'moved'}>
              <td class="number">{layer.index + 1}</td>
              <td class="clip">
                <code>
                  <Foreign text={instruction} />
                </code>
              </td>
              <td>
                <Digest digest={layer.digest} />
              </td>
              <td class="number">
                <Size bytes={layer.size} />
              </td>
              <td>{kept ? '= kept' : '↓ moves'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
