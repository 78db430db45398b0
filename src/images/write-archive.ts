import type { BlobView } from '../registry/blobs.ts'
import { TAR_END, tarHeader, tarPadding } from './tar-header.ts'

/** A file of an archive that is written: bytes that are here, or a blob that is opened when its turn comes. */
export interface ArchiveFile {
  readonly path: string
  readonly content: Uint8Array | BlobView
}

/** Bytes of the whole archive. */
export function archiveSize(files: readonly ArchiveFile[]): number {
  return files.reduce((sum, { path, content }) => {
    const size = sizeOf(content)
    return sum + tarHeader(path, size).length + size + tarPadding(size).length
  }, TAR_END.length)
}

/**
 * Writes an archive, no faster than `write` takes it. Rejects when a blob is damaged: an archive that breaks off never
 * ends as if it were whole.
 */
export async function writeArchive(
  files: readonly ArchiveFile[],
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  for (const { path, content } of files) {
    const size = sizeOf(content)
    await write(tarHeader(path, size))
    if (content instanceof Uint8Array) await write(content)
    else await (await content.open()).pump(write)
    const padding = tarPadding(size)
    if (padding.length > 0) await write(padding)
  }
  await write(TAR_END)
}

function sizeOf(content: ArchiveFile['content']): number {
  return content instanceof Uint8Array ? content.length : content.size
}
