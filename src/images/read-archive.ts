import { createHash } from 'node:crypto'
import { type Digest, digestAlgorithm, digestFromBytes } from '../oci/digest.ts'
import { type ArchiveEntry, archiveEntries } from './archive-entries.ts'
import { namedAs } from './archive-name.ts'
import { type Compression, compressionOf } from './compression.ts'
import type { ContentIntake, TakenContent } from './content-intake.ts'
import { refused } from './refused.ts'
import { unpackArchive } from './unpack-archive.ts'

/** What clients pull, at most. */
const MANIFEST_LIMIT = 4 * 1024 * 1024
/** All lists and manifests of one archive, which are kept in memory until it is over. */
const KEPT_LIMIT = 32 * 1024 * 1024
const LINK_HOPS = 10

/** A piece of content by its place in the archive. */
export interface ArchivedContent extends TakenContent {
  readonly compression: Compression
}

/** An archive when all of it has passed: its content is in the repository, its manifests and lists are here. */
export interface ReadArchive {
  /** `index.json` and `manifest.json`, where they are. */
  readonly lists: ReadonlyMap<string, Buffer>
  readonly manifests: ReadonlyMap<Digest, Buffer>
  /** What lies at a path, links followed. */
  contentAt(path: string): ArchivedContent | undefined
}

/** Told of each piece of content once it is in the repository. */
export type OnContent = (path: string, content: TakenContent) => Promise<void>

type FileEntry = Extract<ArchiveEntry, { kind: 'file' }>

/**
 * Reads an archive to its end, in any order of its entries: content goes into the repository as it comes. Throws
 * REQUEST_INVALID, and what the intake throws.
 */
export async function readArchive(
  bytes: AsyncIterable<Uint8Array>,
  intake: ContentIntake,
  onContent: OnContent,
): Promise<ReadArchive> {
  const reading = new Reading(intake, onContent)
  for await (const entry of archiveEntries(unpackArchive(bytes))) await reading.take(entry)
  return reading
}

class Reading implements ReadArchive {
  readonly lists = new Map<string, Buffer>()
  readonly manifests = new Map<Digest, Buffer>()
  readonly #contents = new Map<string, ArchivedContent>()
  readonly #links = new Map<string, string>()
  readonly #intake: ContentIntake
  readonly #onContent: OnContent
  #kept = 0

  constructor(intake: ContentIntake, onContent: OnContent) {
    this.#intake = intake
    this.#onContent = onContent
  }

  async take(entry: ArchiveEntry): Promise<void> {
    if (entry.kind === 'link') {
      this.#links.set(entry.path, entry.target)
      return
    }
    const named = namedAs(entry.path)
    if (named.kind === 'list') this.lists.set(entry.path, await this.#keep(entry))
    else if (named.kind === 'content') await this.#takeContent(entry, named.digest)
  }

  contentAt(path: string): ArchivedContent | undefined {
    let at = path
    for (let hops = 0; hops < LINK_HOPS; hops++) {
      const target = this.#links.get(at)
      if (target === undefined) return this.#contents.get(at)
      at = target
    }
    throw refused(`its links lead in a circle from '${path}'`)
  }

  /** Whether a small document is a manifest only its text tells; nothing in the archive says so before its end. */
  async #takeContent(entry: FileEntry, digest: Digest | undefined): Promise<void> {
    if (digest === undefined || entry.magic[0] !== 0x7b || entry.size > MANIFEST_LIMIT)
      return this.#store(entry, entry.content, digest)
    const bytes = await gathered(entry)
    if (!bytes.includes('"schemaVersion"')) return this.#store(entry, one(bytes), digest)
    const algorithm = digestAlgorithm(digest)
    const own = digestFromBytes(algorithm, createHash(algorithm).update(bytes).digest())
    if (own !== digest) throw refused(`the bytes of '${entry.path}' have digest ${own}`)
    this.#count(bytes.length)
    this.manifests.set(digest, bytes)
  }

  async #store(entry: FileEntry, content: AsyncIterable<Uint8Array>, digest: Digest | undefined) {
    const taken = await this.#intake.take({ content, digest, size: entry.size })
    this.#contents.set(entry.path, { ...taken, compression: compressionOf(entry.magic) })
    await this.#onContent(entry.path, taken)
  }

  async #keep(entry: FileEntry): Promise<Buffer> {
    if (entry.size > MANIFEST_LIMIT) throw refused(`'${entry.path}' has more than ${MANIFEST_LIMIT} bytes`)
    this.#count(entry.size)
    return gathered(entry)
  }

  #count(size: number): void {
    this.#kept += size
    if (this.#kept > KEPT_LIMIT) throw refused(`its manifests have more than ${KEPT_LIMIT} bytes together`)
  }
}

async function gathered({ content, size }: FileEntry): Promise<Buffer> {
  const bytes = Buffer.alloc(size)
  let at = 0
  for await (const chunk of content) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

async function* one(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}
