import { call } from '../../api/client.ts'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { plural } from '../../format.ts'
import { Size } from '../../parts/values.tsx'
import { useHints } from './hints-part.tsx'
import { SHARES } from './waste-classes.ts'

/** Files up to which the reports of an image are made before anyone opens them. */
const AT_ONCE = 50_000

/** The image's own address, when its reports cost next to nothing; by digest, so the parts below find them in the cache. */
function cheapRef({ ref, totals }: Image): string | undefined {
  return totals.files !== null && totals.files <= AT_ONCE ? ref : undefined
}

/** How many bytes are shipped for nothing. */
export function WasteNote({ image }: { readonly image: Image }) {
  const ref = cheapRef(image)
  const { value } = useAnswer(ref && `waste ${ref}`, (signal) =>
    call('getWaste', { query: { ref: ref ?? '' } }, signal),
  )
  if (value === undefined) return null
  const bytes = SHARES.reduce((sum, name) => sum + value.classes[name], 0)
  return bytes === 0 ? <>none</> : <Size bytes={bytes} />
}

/** How much deserves a look. */
export function HintsNote({ image }: { readonly image: Image }) {
  const { value } = useHints(cheapRef(image))
  if (value === undefined) return null
  const count = value.files.length + value.words.length
  return count === 0 ? <>none</> : <>{plural(count, 'place')} to look at</>
}
