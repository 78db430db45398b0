import type { ComponentChildren } from 'preact'
import type { LayerEntry } from '../../api/schema.generated.ts'
import { FileContent } from './file-content.tsx'
import { FileFacts } from './file-facts.tsx'
import type { FileSource } from './file-source.ts'

const KINDS: Readonly<Record<LayerEntry['type'], string>> = {
  file: 'a file',
  hardlink: 'a hard link',
  symlink: 'a symbolic link',
  char: 'a character device',
  block: 'a block device',
  dir: 'a directory',
  fifo: 'a named pipe',
  other: 'nothing that has content',
  whiteout: 'a mark that hides the name in the layers below',
}

/** What is known of an entry, and what is in it. */
export function FileCard({
  source,
  entry,
  target,
  children,
}: {
  readonly source: FileSource
  readonly entry: LayerEntry
  /** Where a symbolic link leads, when that is known. */
  readonly target?: ComponentChildren
  readonly children?: ComponentChildren
}) {
  return (
    <article class="card file-card">
      <FileFacts entry={entry}>{children}</FileFacts>
      {entry.type === 'file' || entry.type === 'hardlink' ? (
        <FileContent key={JSON.stringify(source)} source={source} />
      ) : (
        <p class="dim">
          It is {KINDS[entry.type]}
          {entry.linkname !== undefined && (
            <>
              {' to '}
              <code>
                <bdi>{entry.linkname}</bdi>
              </code>
            </>
          )}
          .
        </p>
      )}
      {entry.type === 'symlink' && target}
    </article>
  )
}
