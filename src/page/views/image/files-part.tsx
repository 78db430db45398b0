import type { ImageView as Image } from '../../api/schema.generated.ts'
import { here, setQuery } from '../../location.ts'
import { readFilter } from '../files/file-filter.ts'
import { pathQuery, readFilePath } from '../files/file-path.ts'
import { FindFiles } from '../files/find-files.tsx'
import { ImageDirectory } from '../files/image-directory.tsx'
import { FoundInImage } from './found-in-image.tsx'
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
  const filter = readFilter(here.value.query)
  const upto = selection === undefined ? undefined : topLayer(image, selection)
  const first = selection === undefined ? undefined : firstLayer(image, selection)
  const since = here.value.query.has('all') ? undefined : first
  return (
    <section aria-label="Files">
      <h2>{titleOf(selection, since)}</h2>
      {first !== undefined && filter === undefined && <WhichFiles isAll={since === undefined} />}
      {image.totals.layers > 0 && <FindFiles />}
      {filter !== undefined ? (
        <FoundInImage image={image} filter={filter} />
      ) : image.totals.layers === 0 || (selection !== undefined && upto === undefined) ? (
        <p class="dim">No step up to here made a layer.</p>
      ) : (
        <ImageDirectory
          image={image}
          upto={upto}
          since={since}
          path={readFilePath(here.value.query)}
          isChosen={({ step }) =>
            since === undefined &&
            selection !== undefined &&
            step !== undefined &&
            step >= selection.from &&
            step <= selection.to
          }
          open={(path) => setQuery({ ...pathQuery(path), pages: undefined })}
          indexed={indexed}
        />
      )}
    </section>
  )
}

function titleOf(selection: Selection | undefined, since: number | undefined): string {
  if (selection === undefined) return 'Files'
  const { from, to } = selection
  if (since === undefined) return `Files after step ${to}`
  return from === to ? `What step ${to} did to files` : `What steps ${from} to ${to} did to files`
}

/** Only what the chosen steps touched, or everything that is there after them. */
function WhichFiles({ isAll }: { readonly isAll: boolean }) {
  const show = (all: boolean) => setQuery({ all, pages: undefined }, { replace: true })
  return (
    <div class="choice" role="group" aria-label="Which files">
      <button type="button" aria-pressed={!isAll} onClick={() => show(false)}>
        Changed
      </button>
      <button type="button" aria-pressed={isAll} onClick={() => show(true)}>
        All
      </button>
    </div>
  )
}

/** The first layer that the chosen steps made; undefined: they made none. */
function firstLayer({ steps }: Image, { from, to }: Selection): number | undefined {
  return steps.slice(from - 1, to).find(({ layer }) => layer !== null)?.layer?.index
}

/** The last layer that the chosen steps, or those before them, made. */
function topLayer({ steps }: Image, { to }: Selection): number | undefined {
  return steps
    .slice(0, to)
    .flatMap(({ layer }) => layer?.index ?? [])
    .at(-1)
}
