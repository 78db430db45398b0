import type { ImageView as Image, Waste } from '../../api/schema.generated.ts'
import { here, href } from '../../location.ts'
import { Scroll } from '../../parts/scroll.tsx'
import { Size } from '../../parts/values.tsx'
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
              <td class="dim">{one.layers.map((layer) => stepOf(image, layer)).join(', ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

/** Names with a backslash are written otherwise than they are: where they lead is not known. */
function FileLink({
  image,
  path,
  layer,
}: {
  readonly image: Image
  readonly path: string
  readonly layer: number | undefined
}) {
  const name = <bdi class="mono">{path}</bdi>
  if (path.includes('\\')) return name
  const { query } = here.value
  const upto = layer === undefined ? undefined : layer + 1
  const platform = query.get('platform') ?? undefined
  return <a href={href('file', { ref: query.get('ref') ?? image.ref, platform, path, upto })}>{name}</a>
}

function stepOf({ steps }: Image, layer: number): string {
  const at = steps.findIndex((step) => step.layer?.index === layer)
  return at < 0 ? `layer ${layer + 1}` : `step ${at + 1}`
}
