import type { ComponentChildren } from 'preact'
import { visibleText } from '../../format.ts'
import { here, setQuery } from '../../location.ts'
import { crumbs, type FilePath, parentOf, readFilePath } from './file-path.ts'

/** Where a file is: what holds it, and the directories on the way. */
export function FileHead({
  path,
  dirHref,
  children,
}: {
  readonly path: FilePath
  readonly dirHref: (directory: FilePath) => string
  readonly children: ComponentChildren
}) {
  const way = crumbs(path)
  return (
    <h1 class="file-head">
      {children}
      {way.map((crumb, index) => (
        <span key={String(index)}>
          <span class="dim"> / </span>
          {index === way.length - 1 ? (
            <bdi>{visibleText(crumb.name)}</bdi>
          ) : (
            <a href={dirHref(crumb.path)}>
              <bdi>{visibleText(crumb.name)}</bdi>
            </a>
          )}
        </span>
      ))}
    </h1>
  )
}

/** The directory beside the file: the one that it is in, or where one went from there. */
export function shownDirectory(path: FilePath): FilePath {
  const { query } = here.value
  return query.has('dir') || query.has('dirRaw') ? readFilePath(query, 'dir') : parentOf(path)
}

/** Goes to another directory beside the file, which stays. */
export function openDirectory(at: FilePath): void {
  setQuery({
    dir: 'path' in at ? `/${at.path}` : undefined,
    dirRaw: 'pathRaw' in at ? at.pathRaw : undefined,
    pages: undefined,
  })
}
