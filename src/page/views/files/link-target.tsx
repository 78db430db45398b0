import type { ImageView as Image, MergedEntry } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { visibleText } from '../../format.ts'
import { here, href } from '../../location.ts'
import { Answered } from '../../parts/states.tsx'
import { FileContent } from './file-content.tsx'
import { crumbs, type FilePath, pathQuery } from './file-path.ts'
import { findFile } from './find-file.ts'
import { followLink, type Reached } from './follow-link.ts'

/** Where a symbolic link of an image leads, and what is in the file there. */
export function LinkTarget({
  image,
  path,
  entry,
  upto,
}: {
  readonly image: Image
  readonly path: FilePath
  readonly entry: MergedEntry
  readonly upto: number | undefined
}) {
  const asked = useAnswer(`link ${image.ref} ${JSON.stringify(path)} ${upto ?? ''}`, (signal) =>
    followLink(path, entry, async (at) => {
      const found = await findFile(image, at, upto, signal)
      return found?.state === 'removed' ? undefined : found
    }).then((reached) => ({ reached })),
  )
  return (
    <Answered asked={asked} what="Following the link">
      {({ reached }) =>
        reached === undefined ? (
          <p class="notice" role="status">
            It leads to nothing that is in the image.
          </p>
        ) : (
          <Target image={image} upto={upto} {...reached} />
        )
      }
    </Answered>
  )
}

function Target({
  image,
  upto,
  path,
  entry,
}: Reached<MergedEntry> & { readonly image: Image; readonly upto: number | undefined }) {
  const { query } = here.value
  const isDirectory = entry === undefined || entry.type === 'dir'
  const address = {
    ref: query.get('ref') ?? image.ref,
    platform: query.get('platform') ?? undefined,
    ...pathQuery(path),
  }
  const step = image.steps.findIndex(({ layer }) => layer !== null && layer.index === upto) + 1
  return (
    <>
      <p>
        It leads to{' '}
        <a
          class="mono"
          href={
            isDirectory
              ? href('image', { ...address, step: step > 0 && step, all: step > 0 })
              : href('file', { ...address, upto: upto !== undefined && upto + 1 })
          }
        >
          <bdi>
            /
            {crumbs(path)
              .map(({ name }) => visibleText(name))
              .join('/')}
          </bdi>
        </a>
        {isDirectory && ', a directory'}.
      </p>
      {(entry?.type === 'file' || entry?.type === 'hardlink') && (
        <FileContent source={{ ref: image.ref, upto, path }} />
      )}
    </>
  )
}
