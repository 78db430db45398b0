import { Fragment } from 'preact'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { here, href } from '../../location.ts'
import { pathQuery } from '../files/file-path.ts'

/** A file as a layer left it. Names with a backslash are written otherwise than they are: where they lead is said by the bytes alone. */
export function FileLink({
  image,
  path,
  pathRaw,
  layer,
  isDirectory = false,
}: {
  readonly image: Image
  readonly path: string
  readonly pathRaw?: string | undefined
  readonly layer: number | undefined
  readonly isDirectory?: boolean
}) {
  const name = <bdi class="mono">{path}</bdi>
  if (pathRaw === undefined && path.includes('\\')) return name
  const { query } = here.value
  const address = {
    ref: query.get('ref') ?? image.ref,
    platform: query.get('platform') ?? undefined,
    ...pathQuery(pathRaw === undefined ? { path } : { pathRaw }),
  }
  const step = image.steps.findIndex((one) => one.layer !== null && one.layer.index === layer) + 1
  return (
    <a
      href={
        isDirectory
          ? href('image', { ...address, step: step > 0 && step, all: step > 0 })
          : href('file', { ...address, upto: layer === undefined ? undefined : layer + 1 })
      }
    >
      {name}
    </a>
  )
}

/** The step that made a layer, which leads to what it did. */
export function StepLink({ image, layer }: { readonly image: Image; readonly layer: number }) {
  const text = stepOf(image, layer)
  const at = image.steps.findIndex((step) => step.layer?.index === layer)
  if (at < 0) return <>{text}</>
  const { query } = here.value
  const ref = query.get('ref') ?? image.ref
  return (
    <a href={href('image', { ref, platform: query.get('platform') ?? undefined, step: at + 1 })}>{text}</a>
  )
}

/** The same of several layers. */
export function StepLinks({ image, layers }: { readonly image: Image; readonly layers: readonly number[] }) {
  return (
    <>
      {layers.map((layer, index) => (
        <Fragment key={layer}>
          {index > 0 && ', '}
          <StepLink image={image} layer={layer} />
        </Fragment>
      ))}
    </>
  )
}

/** The step that made a layer, in words. */
export function stepOf({ steps }: Image, layer: number): string {
  const at = steps.findIndex((step) => step.layer?.index === layer)
  return at < 0 ? `layer ${layer + 1}` : `step ${at + 1}`
}
