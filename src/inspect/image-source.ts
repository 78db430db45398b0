import type { BlobReader } from '../../storage/blobs/blob-store.ts'
import type { ByteRange } from '../oci/byte-range.ts'
import type { Digest } from '../oci/digest.ts'
import type { ParsedManifest } from '../oci/manifest.ts'
import type { RepositoryName } from '../oci/name.ts'
import type { Reference } from '../oci/tag.ts'
import type { ImageConfig } from './image-config.ts'

/** A manifest with its bytes. */
export interface SourceManifest {
  readonly digest: Digest
  readonly mediaType: string
  readonly bytes: Uint8Array
}

/** Content that can be opened, whole or in part. */
export interface SourceBlob {
  readonly size: number
  open(range?: ByteRange): Promise<BlobReader>
}

/** Where the inspector reads images: the registry, which knows what each repository may show. */
export interface ImageSource {
  /** Throws NAME_UNKNOWN, MANIFEST_UNKNOWN. */
  manifest(name: RepositoryName, reference: Reference): Promise<SourceManifest>
  /** What parseManifest makes of it, without holding up others when it is large; annotations only of referrers. */
  parse(manifest: SourceManifest): Promise<ParsedManifest | string>
  /** Undefined for what is too long, or no config. Throws BLOB_UNKNOWN. */
  config(name: RepositoryName, digest: Digest): Promise<ImageConfig | undefined>
}
