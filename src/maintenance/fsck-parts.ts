import type { BlobLocation, BlobStore } from '../../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import type { Problem } from './fsck-rules.ts'
import type { ScrubPorts } from './scrub.ts'
import type { SweepPorts } from './sweep.ts'

/** What a check needs of the server. */
export interface FsckPorts extends Pick<ScrubPorts, 'quarantine'>, Pick<SweepPorts, 'keptUploads'> {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  readonly now: () => number
  /** Begins a sweep of bytes that no record mentions. */
  readonly sweep: () => Promise<void>
  /** Milliseconds until the collector looks at what nothing uses. */
  readonly grace: number
}

export interface FsckOptions {
  /** Mends what can be mended without a client. */
  readonly repair: boolean
  /** Also when so much is missing that a disk may not be there. */
  readonly force: boolean
}

/** What one check works with. */
export interface FsckParts extends FsckPorts, FsckOptions {
  readonly signal: AbortSignal
  /** Counts, and rests now and then. */
  readonly looked: (what: keyof Checked) => Promise<void>
  readonly report: (problem: Pick<Problem, 'problem' | 'what'>, mended: boolean) => void
  /** Whether the bytes at a location have this digest. */
  readonly proves: (location: BlobLocation, digest: Digest) => Promise<boolean>
}

/** What was looked at. */
export interface Checked {
  records: number
  blobs: number
  locations: number
}
