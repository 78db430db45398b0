import type { ImageView as Image } from '../../api/schema.generated.ts'
import { here, setQuery } from '../../location.ts'
import { pathQuery, readFilePath } from '../files/file-path.ts'
import { ImageDirectory } from '../files/image-directory.tsx'
import { FindFiles, FoundFiles } from './found-files.tsx'
import type { Selection } from './selection.ts'

/** The files of the image as the chosen step left them, directory by directory. */
export function FilesPart({
  image,
  selection,
  indexed,
}: {
  readonly image: Image
  readonly selection: Selection | undefined
  /** Layers that were waited for are there. */
  readonly indexed: () => void
}) {
  const find = here.value.query.get('find') ?? ''
  const upto = selection === undefined ? undefined : topLayer(image, selection)
  return (
    <section aria-label="Files">
      <h2>{selection === undefined ? 'Files' : `Files after step ${selection.to}`}</h2>
      {image.totals.layers > 0 && <FindFiles key={find} />}
      {find !== '' ? (
        <FoundFiles image={image} text={find} />
      ) : image.totals.layers === 0 || (selection !== undefined && upto === undefined) ? (
        <p class="dim">No step up to here made a layer.</p>
      ) : (
        <ImageDirectory
          image={image}
          upto={upto}
          path={readFilePath(here.value.query)}
          isChosen={({ step }) =>
            selection !== undefined && step !== undefined && step >= selection.from && step <= selection.to
          }
          open={(path) => setQuery({ ...pathQuery(path), pages: undefined })}
          indexed={indexed}
        />
      )}
    </section>
  )
}

/** The last layer that the chosen steps, or those before them, made. */
function topLayer({ steps }: Image, { to }: Selection): number | undefined {
  return steps
    .slice(0, to)
    .flatMap(({ layer }) => layer?.index ?? [])
    .at(-1)
}
