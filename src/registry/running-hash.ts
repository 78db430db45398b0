import { createHash, type Hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { BlobReader } from '../../storage/blobs/blob-store.ts'
import { type Digest, type DigestAlgorithm, digestFromBytes } from '../oci/digest.ts'
import { SavableSha256 } from './savable-sha256.ts'

/** Uploads whose hashes stay in memory between two requests; the others are read again. */
const KEPT = 2000

/**
 * Hashes of an upload's bytes from 0 to `offset`. sha256 always, because it names the content; sha512 along with it
 * when the client announced it.
 */
export class RunningHash {
  #sha256: Hash | SavableSha256 = createHash('sha256')
  readonly #sha512: Hash | undefined
  #offset = 0

  constructor(announced: DigestAlgorithm | undefined) {
    this.#sha512 = announced === 'sha512' ? createHash('sha512') : undefined
  }

  /** One whose sha256 can be saved; `offset` bytes are in it already. */
  static savable(sha256: SavableSha256, offset: number): RunningHash {
    const hash = new RunningHash(undefined)
    hash.#sha256 = sha256
    hash.#offset = offset
    return hash
  }

  get offset(): number {
    return this.#offset
  }

  update(chunk: Uint8Array): void {
    this.#sha256.update(chunk)
    this.#sha512?.update(chunk)
    this.#offset += chunk.length
  }

  /** Digest of the bytes so far, which may go on. */
  sha256(): Digest {
    const hash = this.#sha256
    return digestFromBytes('sha256', hash instanceof SavableSha256 ? hash.digest() : hash.copy().digest())
  }

  /** By any algorithm; undefined when it was not computed along. */
  digest(algorithm: DigestAlgorithm): Digest | undefined {
    if (algorithm === 'sha256') return this.sha256()
    return this.#sha512 && digestFromBytes('sha512', this.#sha512.copy().digest())
  }

  /** What another process needs to go on; undefined when it has to read the bytes again instead. */
  save(): string | undefined {
    return this.#sha256 instanceof SavableSha256 ? this.#sha256.save() : undefined
  }
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
