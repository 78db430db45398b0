import { call } from '../../api/client.ts'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { href } from '../../location.ts'
import { ImageTable } from '../../parts/image-table.tsx'
import { Answered } from '../../parts/states.tsx'

/** Images that are shown side by side at most. */
const COLUMNS = 12

/** What the image was built on, and what was built upon it. */
export function LineagePart({ image, asked }: { readonly image: Image; readonly asked: string }) {
  const lineage = useAnswer(`lineage ${image.ref}`, (signal) =>
    call('getLineage', { query: { ref: image.ref } }, signal),
  )
  return (
    <Answered asked={lineage} what="Looking at what shares its layers">
      {({ bases, derived, partial }) => (
        <>
          <h3>Built on</h3>
          {bases.length === 0 ? (
            <p class="dim">No tagged image here has exactly the first layers of this one.</p>
          ) : (
            <ImageTable images={bases} />
          )}
          <h3>Built upon it</h3>
          {derived.length === 0 ? (
            <p class="dim">No image that you may see has all its layers and more.</p>
          ) : (
            <ImageTable images={derived} />
          )}
          {bases.length + derived.length > 0 && (
            <p class="dim">
              <a
                href={href('grid', {
                  i: [
                    ...bases.map(({ repository, digest }) => `${repository}@${digest}`),
                    asked,
                    ...derived.map(({ repository, digest }) => `${repository}@${digest}`),
                  ].slice(0, COLUMNS),
                })}
              >
                The family side by side
              </a>
            </p>
          )}
          {partial && <p class="dim">Too many images share its layers: not all of them were looked at.</p>}
        </>
      )}
    </Answered>
  )
}
