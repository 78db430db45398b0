import { createHash } from 'node:crypto'
import { type Digest, digestFromBytes } from '../oci/digest.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { type BlobView, getBlob } from '../registry/blobs.ts'
import { type MayRead, mountFromAnywhere } from '../registry/mount.ts'
import type { RegistryParts } from '../registry/parts.ts'
import type { SessionName } from '../registry/upload-session.ts'
import type { Uploads } from '../registry/uploads.ts'
import { refused } from './refused.ts'
import type { ImportTarget } from './target.ts'

/** What became of one piece of content: `present` was in the repository, `mounted` in another; neither is stored again. */
export interface TakenContent {
  readonly digest: Digest
  readonly size: number
  readonly state: 'stored' | 'present' | 'mounted'
}

export interface IntakeParts {
  readonly registry: RegistryParts
  readonly uploads: Uploads
  /** Projects whose blobs may be used instead of what is sent. */
  readonly mayRead: MayRead
  /** Asked when all of an archive is here. Rejects when who sent it may not push any more. */
  readonly stillAllowed: () => Promise<void>
}

interface Sent {
  readonly size: number
  readonly content: AsyncIterable<Uint8Array>
  /** What its name says that it is. */
  readonly digest: Digest | undefined
}

const mayPush = () => Promise.resolve(true)

/** Puts content into one repository by the way that pushed blobs go. A failure leaves no upload session behind. */
export class ContentIntake {
  readonly #parts: IntakeParts
  readonly #target: ImportTarget

  constructor(parts: IntakeParts, target: ImportTarget) {
    this.#parts = parts
    this.#target = target
  }

  /** Throws REQUEST_INVALID for content that is not what its name says, and all that an upload session throws. */
  async take(sent: Sent): Promise<TakenContent> {
    const { digest, size } = sent
    if (digest === undefined) return this.#takeUnnamed(sent)
    const known = await this.#knownAs(digest, size)
    if (known !== undefined) return known
    await this.#inSession((session) =>
      this.#parts.uploads.finish(session, digest, { bytes: sent.content, range: undefined, length: size }),
    )
    return { digest, size, state: 'stored' }
  }

  /** Content that need not be sent, because it is in the repository, or now is: from another one that may be read. */
  async known(digest: Digest): Promise<TakenContent | undefined> {
    const found = await this.find(digest)
    if (found !== undefined) return { digest, size: found.size, state: 'present' }
    const { name, account } = this.#target
    const request = { name, account, digest }
    if (!(await mountFromAnywhere(this.#parts.registry, request, this.#parts.mayRead))) return undefined
    const mounted = await this.find(digest)
    return mounted && { digest, size: mounted.size, state: 'mounted' }
  }

  /** A blob that is readable in the repository; undefined when there is none. */
  async find(digest: Digest): Promise<BlobView | undefined> {
    try {
      return await getBlob(this.#parts.registry, this.#target.name, digest, mayPush)
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'BLOB_UNKNOWN') return undefined
      throw error
    }
  }

  /** Only its bytes tell what it is, so they come in first, and are given up when they are here. */
  async #takeUnnamed({ content, size }: Sent): Promise<TakenContent> {
    const hash = createHash('sha256')
    const hashed = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of content) {
        hash.update(chunk)
        yield chunk
      }
    }
    return this.#inSession(async (session) => {
      await this.#parts.uploads.append(session, { bytes: hashed(), range: undefined, length: size })
      const digest = digestFromBytes('sha256', hash.digest())
      const known = await this.#knownAs(digest, size)
      if (known === undefined) await this.#parts.uploads.finish(session, digest, nothing())
      else await this.#parts.uploads.cancel(session)
      return known ?? { digest, size, state: 'stored' }
    })
  }

  async #knownAs(digest: Digest, size: number): Promise<TakenContent | undefined> {
    const known = await this.known(digest)
    if (known === undefined || known.size === size) return known
    throw refused(`${digest} has ${known.size} bytes, and the archive says ${size}`)
  }

  async #inSession<Result>(work: (session: SessionName) => Promise<Result>): Promise<Result> {
    const { name, account } = this.#target
    const session = { name, account, id: await this.#parts.uploads.start(name, account) }
    try {
      return await work(session)
    } catch (error) {
      await this.#parts.uploads.cancel(session)
      throw reasonOf(error)
    }
  }
}

function nothing() {
  return { bytes: (async function* () {})(), range: undefined, length: 0 }
}

/** An upload takes whatever ends its body early for a client that went away; when the archive is to blame, it says why. */
function reasonOf(error: unknown): unknown {
  const cause = error instanceof RegistryError ? error.cause : undefined
  return cause instanceof RegistryError ? cause : error
}
