import type { ImageView as Image, Waste } from '../../api/schema.generated.ts'
import { Scroll } from '../../parts/scroll.tsx'
import { Size } from '../../parts/values.tsx'
import { FileLink, StepLinks } from './file-link.tsx'
import { WASTE } from './waste-classes.ts'

/** The worst files, each with the steps that ship it for nothing. */
export function WasteTable({ image, top }: { readonly image: Image; readonly top: Waste['top'] }) {
  return (
    <Scroll kind="waste-table" label="The most wasted files">
      <table>
        <thead>
          <tr>
            <th class="number">Unpacked</th>
            <th>File</th>
            <th>Why</th>
            <th>In vain in</th>
          </tr>
        </thead>
        <tbody>
          {top.map((one) => (
            <tr key={`${one.class} ${one.path}`}>
              <td class="number">
                <Size bytes={one.bytes} />
              </td>
              <td class="wrap">
                <FileLink image={image} path={one.path} layer={one.layers[0]} />
              </td>
              <td>{WASTE[one.class]}</td>
              <td class="dim">
                <StepLinks image={image} layers={one.layers} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}
