import { visibleText } from '../../format.ts'
import { crumbs, type FilePath, ROOT } from './file-path.ts'

/** The way from the root to a directory, each step a button. */
export function Crumbs({ path, open }: { readonly path: FilePath; readonly open: (path: FilePath) => void }) {
  return (
    <nav class="crumbs" aria-label="Directory">
      <button type="button" class="link" onClick={() => open(ROOT)} aria-label="Root directory">
        /
      </button>
      {crumbs(path).map((crumb, index) => (
        <span key={String(index)}>
          {index > 0 && <span class="dim">›</span>}
          <button type="button" class="link mono" onClick={() => open(crumb.path)}>
            {visibleText(crumb.name)}
          </button>
        </span>
      ))}
    </nav>
  )
}
