import type { ImageView as Image } from '../../api/schema.generated.ts'
import { here, href } from '../../location.ts'

/** A file as a layer left it. Names with a backslash are written otherwise than they are: where they lead is not known. */
export function FileLink({
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

/** The step that made a layer, in words. */
export function stepOf({ steps }: Image, layer: number): string {
  const at = steps.findIndex((step) => step.layer?.index === layer)
  return at < 0 ? `layer ${layer + 1}` : `step ${at + 1}`
}
