import type { ComponentChildren } from 'preact'

/** A file beside the directory it is in. */
export function BesideTree({
  tree,
  children,
}: {
  readonly tree: ComponentChildren
  readonly children: ComponentChildren
}) {
  return (
    <div class="file-panes">
      <section aria-label="Directory">{tree}</section>
      <section aria-label="File">{children}</section>
    </div>
  )
}
