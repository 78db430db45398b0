import { type ArchiveFormat, exportImage } from '../../images/export-image.ts'
import { archiveSize, writeArchive } from '../../images/write-archive.ts'
import { type ImageReference, parseImageReference } from '../../oci/image-reference.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Exchange, Handler } from '../exchange.ts'
import type { ImagesHttpParts } from './parts.ts'

/** An image as one file: its length is known before its first byte. */
export function exportArchive({ registry }: ImagesHttpParts): Handler {
  return async (exchange) => {
    const ref = refParam(exchange)
    const format = formatParam(exchange)
    const platform = exchange.query.get('platform') ?? undefined
    const { digest, files } = await exportImage(registry, { ref, format, platform })
    exchange.note({ digest })
    return {
      status: 200,
      headers: {
        'content-type': 'application/x-tar',
        'content-length': String(archiveSize(files)),
        'content-disposition': `attachment; filename="${fileName(ref)}.tar"`,
        'docker-content-digest': digest,
        'cache-control': 'no-store',
      },
      body: (write) => writeArchive(files, write),
    }
  }
}

/** Throws REQUEST_INVALID. */
function refParam({ query }: Exchange): ImageReference {
  const ref = parseImageReference(query.get('ref') ?? '')
  if (ref !== undefined) return ref
  throw new RegistryError('REQUEST_INVALID', {
    message: 'name the image as ref=project/name:tag or ref=project/name@sha256:…',
    detail: { field: 'ref' },
  })
}

/** Throws REQUEST_INVALID. */
function formatParam({ query }: Exchange): ArchiveFormat {
  const text = query.get('format') ?? 'oci'
  if (text === 'oci' || text === 'docker') return text
  throw new RegistryError('REQUEST_INVALID', {
    message: `format is '${text.slice(0, 50)}'; it takes oci or docker`,
    detail: { field: 'format' },
  })
}

/** What names and tags are made of is harmless in a file's name, but for the slashes. */
function fileName({ name, reference }: ImageReference): string {
  const last = reference.kind === 'tag' ? reference.tag : reference.digest.replace(':', '-').slice(0, 19)
  return `${name.replaceAll('/', '_')}_${last}`
}
