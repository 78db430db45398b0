import { useEffect, useRef } from 'preact/hooks'
import { call, type Problem } from '../../api/client.ts'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { countText } from '../../format.ts'
import { here, href, setQuery } from '../../location.ts'
import { Answered } from '../../parts/states.tsx'
import { Crumbs } from './crumbs.tsx'
import { EntryList } from './entry-list.tsx'
import { type EntryRow, rowOfMerged } from './entry-row.ts'
import { type FilePath, pathQuery } from './file-path.ts'
import { areComing, isComing, type MissingLayer, missingText, PATIENCE } from './index-states.ts'
import { pagesOf, readPages } from './pages.ts'
import { Weights } from './weights.tsx'

/** One directory of an image as the layers up to one of them leave it. */
export function ImageDirectory({
  image,
  upto,
  since,
  path,
  isChosen,
  open,
  indexed,
}: {
  readonly image: Image
  /** The last layer that counts, from 0; undefined when all do. */
  readonly upto: number | undefined
  /** The first of the layers whose doing is shown; undefined when all that is there is. */
  readonly since?: number | undefined
  readonly path: FilePath
  readonly isChosen: (row: EntryRow) => boolean
  readonly open: (path: FilePath) => void
  /** Layers that were waited for are there. */
  readonly indexed: () => void
}) {
  const pages = pagesOf(here.value.query)
  const key = ['tree', image.ref, upto, since, path, pages]
  const asked = useAnswer(JSON.stringify(key), (signal) =>
    readPages(pages, (page) =>
      call('getImageTree', { query: { ref: image.ref, upto, since, ...path, ...page } }, signal),
    ).then((found) => ({ ...found, at: path, since })),
  )
  const waiting = isWaiting(image, upto, asked)
  const waited = useRef(false)
  useEffect(() => {
    if (!waiting) {
      // Sizes and counts of the steps are known now, too.
      if (waited.current) indexed()
      waited.current = false
      return undefined
    }
    waited.current = true
    const timer = setTimeout(asked.again, PATIENCE)
    return () => clearTimeout(timer)
  }, [waiting, asked.value, asked.problem])
  return (
    <>
      <Crumbs path={path} open={open} />
      {waiting && (
        <p class="notice" role="status">
          Layers are being indexed; their files appear by themselves.
        </p>
      )}
      {(asked.problem === undefined || !waiting) && (
        <Answered asked={asked} what="Reading the directory">
          {({ first, entries, next, at, since: asks }) => (
            <>
              <MissingLayers image={image} missing={first.missing} />
              {asks !== undefined && entries.length === 0 && (
                <p class="dim">Nothing was changed in this directory.</p>
              )}
              <Weights rows={entries.map((entry) => rowOfMerged(at, entry))} open={open} />
              {(asks === undefined || entries.length > 0) && (
                <EntryList
                  path={at}
                  rows={entries.map((entry) => rowOfMerged(at, entry))}
                  whence="From step"
                  isChosen={isChosen}
                  fileHref={(row) => fileOfImage(image, upto, row)}
                  open={open}
                />
              )}
              {next !== undefined && <MoreEntries shown={entries.length} pages={pages} />}
            </>
          )}
        </Answered>
      )}
    </>
  )
}

/** A directory too large to be shown at once goes on below. */
export function MoreEntries({ shown, pages }: { readonly shown: number; readonly pages: number }) {
  return (
    <p class="dim">
      The first {countText(shown)} entries by name.{' '}
      <button type="button" class="link" onClick={() => setQuery({ pages: pages + 1 }, { replace: true })}>
        Show more
      </button>
    </p>
  )
}

function MissingLayers({
  image,
  missing,
}: {
  readonly image: Image
  readonly missing: readonly MissingLayer[]
}) {
  const lost = missing.filter((one) => !isComing(image, one))
  if (lost.length === 0) return null
  return (
    <p class="notice" role="status">
      {lost.length === 1 ? 'One layer is' : `${lost.length} layers are`} not among the files:{' '}
      {lost.map((one) => missingText(image, one)).join(', ')}.
    </p>
  )
}

/** Where a file of an image is shown. What is gone is shown as the layer before left it. */
function fileOfImage(image: Image, upto: number | undefined, row: EntryRow): string | undefined {
  if (row.layer === undefined) return undefined
  const { query } = here.value
  const layer = row.mark[2] === 'removed' ? row.layer : upto
  return href('file', {
    ref: query.get('ref') ?? image.ref,
    platform: query.get('platform') ?? undefined,
    ...pathQuery(row.path),
    upto: layer === undefined ? undefined : layer + 1,
  })
}

/** Whether layers are missing that will come: then an absent directory may be in one of them. */
function isWaiting(
  image: Image,
  upto: number | undefined,
  asked: {
    readonly value: { readonly first: { readonly missing: readonly MissingLayer[] } } | undefined
    readonly problem: Problem | undefined
  },
): boolean {
  if (asked.value !== undefined) return asked.value.first.missing.some((one) => isComing(image, one))
  if (asked.problem?.code !== 'NAME_UNKNOWN') return false
  return areComing(image, upto)
}
