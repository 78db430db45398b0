import { createHash, type Hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { BlobReader } from '../../storage/blobs/blob-store.ts'
import { type Digest, type DigestAlgorithm, digestFromBytes } from '../oci/digest.ts'
import type { SavableSha256 } from './savable-sha256.ts'

/** Uploads whose hashes stay in memory between two requests; the others are read again. */
const KEPT = 2000

/**
 * Hashes of an upload's bytes from 0 to `offset`. sha256 always, because it names the content; sha512 along with it
 * when the client announced it.
 */
export class RunningHash {
  readonly #hashes = new Map<DigestAlgorithm, Hash>()
  #savable: SavableSha256 | undefined
  #offset = 0

  constructor(announced: DigestAlgorithm | undefined) {
    this.#hashes.set('sha256', createHash('sha256'))
    if (announced === 'sha512') this.#hashes.set('sha512', createHash('sha512'))
  }

  /** One whose sha256 can be saved; `offset` bytes are in it already. */
  static savable(sha256: SavableSha256, offset: number): RunningHash {
    const hash = new RunningHash(undefined)
    hash.#hashes.clear()
    hash.#savable = sha256
    hash.#offset = offset
    return hash
  }

  get offset(): number {
    return this.#offset
  }

  update(chunk: Uint8Array): void {
    for (const hash of this.#hashes.values()) hash.update(chunk)
    this.#savable?.update(chunk)
    this.#offset += chunk.length
  }

  /** Digest of the bytes so far, which may go on; undefined when this algorithm was not computed along. */
  digest(algorithm: DigestAlgorithm): Digest | undefined {
    if (algorithm === 'sha256' && this.#savable !== undefined)
      return digestFromBytes('sha256', this.#savable.digest())
    const hash = this.#hashes.get(algorithm)
    return hash && digestFromBytes(algorithm, hash.copy().digest())
  }

  /** What another process needs to go on; undefined when it has to read the bytes again instead. */
  save(): string | undefined {
    return this.#savable?.save()
  }
}

/** Digest of no bytes, the prefix of an upload that has just begun. */
export function emptyDigest(): Digest {
  return digestFromBytes('sha256', createHash('sha256').digest())
}

/** Reads bytes again to hash them. Closes the reader. */
export async function hashAgain(reader: BlobReader, algorithm: DigestAlgorithm): Promise<Digest> {
  const hash = createHash(algorithm)
  await reader.pump((chunk) => {
    hash.update(chunk)
  })
  return digestFromBytes(algorithm, hash.digest())
}

/** Hashes of open uploads in this process, by upload id. Forgetting one costs a read, never a wrong answer. */
export class HashCache {
  readonly #kept = new LRUCache<string, RunningHash>({ max: KEPT })

  /** The hash at exactly `offset`, taken out of the cache; undefined when it is elsewhere or gone. */
  take(id: string, offset: number): RunningHash | undefined {
    const hash = this.#kept.get(id)
    this.#kept.delete(id)
    return hash?.offset === offset ? hash : undefined
  }

  keep(id: string, hash: RunningHash): void {
    this.#kept.set(id, hash)
  }
}
