import { call } from '../../api/client.ts'
import type { ImageUser } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { href } from '../../location.ts'
import { ImageTable } from '../../parts/image-table.tsx'
import { Answered } from '../../parts/states.tsx'

/** Images that are shown. */
const SHOWN = 200

/** The images that have a layer, of those that the visitor may see. */
export function LayerUsers({ digest }: { readonly digest: string }) {
  const asked = useAnswer(`usage ${digest}`, (signal) =>
    call('getLayerUsage', { params: { digest }, query: { n: SHOWN } }, signal),
  )
  return (
    <Answered asked={asked} what="Looking who uses it">
      {({ images, more }) =>
        images.length === 0 ? (
          <p class="dim">No image that you may see.</p>
        ) : (
          <>
            <ImageTable images={images} />
            <p class="dim">
              {more && `The first ${images.length}; there are more. `}
              <a href={href('grid', { i: images.slice(0, 12).map(refOf) })}>Side by side</a>
            </p>
          </>
        )
      }
    </Answered>
  )
}

function refOf({ repository, digest, tags: [tag] }: ImageUser): string {
  return tag === undefined ? `${repository}@${digest}` : `${repository}:${tag}`
}
