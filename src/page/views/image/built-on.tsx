import { call } from '../../api/client.ts'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { href, setQuery } from '../../location.ts'
import { selectionText } from './selection.ts'

/** The nearest image that this one was built on, and the steps that are that image's. It comes after the rest, or not at all. */
export function BuiltOn({ image }: { readonly image: Image }) {
  const { value } = useAnswer(image.steps.length === 0 ? undefined : `lineage ${image.ref}`, (signal) =>
    call('getLineage', { query: { ref: image.ref } }, signal),
  )
  const base = value?.bases[0]
  const tag = base?.tags[0]
  if (base === undefined || tag === undefined) return null
  const ref = `${base.repository}:${tag}`
  const last =
    image.steps.findLastIndex(({ layer }) => layer !== null && layer.index < (base.shared ?? 0)) + 1
  return (
    <>
      {' '}
      · built on <a href={href('image', { ref })}>{ref}</a>
      {last > 0 && (
        <>
          {', '}
          <button
            type="button"
            class="link"
            onClick={() => setQuery({ step: selectionText({ from: 1, to: last }), layer: undefined })}
          >
            {last === 1 ? 'step 1' : `steps 1 to ${last}`}
          </button>
        </>
      )}
    </>
  )
}
