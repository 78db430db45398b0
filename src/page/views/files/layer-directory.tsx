import { useEffect } from 'preact/hooks'
import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { here, href } from '../../location.ts'
import { Answered } from '../../parts/states.tsx'
import { Crumbs } from './crumbs.tsx'
import { EntryList } from './entry-list.tsx'
import { type EntryRow, rowOfLayer } from './entry-row.ts'
import { type FilePath, pathQuery } from './file-path.ts'
import { MoreEntries } from './image-directory.tsx'
import { PATIENCE } from './index-states.ts'
import { pagesOf, readPages } from './pages.ts'
import { Weights } from './weights.tsx'

/** One directory of one layer alone, with the marks that hide what is below. */
export function LayerDirectory({
  layer,
  path,
  isChosen,
  open,
}: {
  readonly layer: string
  readonly path: FilePath
  readonly isChosen: (row: EntryRow) => boolean
  readonly open: (path: FilePath) => void
}) {
  const pages = pagesOf(here.value.query)
  const asked = useAnswer(`layer ${layer} ${JSON.stringify(path)} ${pages}`, (signal) =>
    readPages(pages, (page) =>
      call('getLayerTree', { params: { digest: layer }, query: { ...path, ...page } }, signal),
    ).then((found) => ({ ...found, at: path })),
  )
  const waiting = asked.problem?.status === 503
  useEffect(() => {
    if (!waiting) return undefined
    const timer = setTimeout(asked.again, PATIENCE)
    return () => clearTimeout(timer)
  }, [waiting, asked.problem])
  return (
    <>
      <Crumbs path={path} open={open} />
      {waiting ? (
        <p class="notice" role="status">
          The layer is being indexed; its files appear by themselves.
        </p>
      ) : (
        <Answered asked={asked} what="Reading the directory">
          {({ first, entries, next, at }) => (
            <>
              {first.opaque && (
                <p class="notice" role="status">
                  This layer hides whatever the layers below have in this directory.
                </p>
              )}
              <Weights rows={entries.map((entry) => rowOfLayer(at, entry))} open={open} />
              <EntryList
                path={at}
                rows={entries.map((entry) => rowOfLayer(at, entry))}
                whence="Remark"
                isChosen={isChosen}
                fileHref={(row) =>
                  row.layer === undefined ? undefined : href('file', { layer, ...pathQuery(row.path) })
                }
                open={open}
              />
              {next !== undefined && <MoreEntries shown={entries.length} pages={pages} />}
            </>
          )}
        </Answered>
      )}
    </>
  )
}
