import { createSHA256, type IHasher } from 'hash-wasm'

/**
 * A sha256 whose state can be written down and gone on with in another process. Several times slower than Node's own,
 * which has no such thing: for uploads in chunks to stores that give no byte back before the upload is complete.
 */
export class SavableSha256 {
  readonly #hasher: IHasher

  private constructor(hasher: IHasher) {
    this.#hasher = hasher
  }

  /** A new one, or the one that `saved` came from. */
  static async create(saved?: string): Promise<SavableSha256> {
    const hasher = await createSHA256()
    if (saved === undefined) hasher.init()
    else hasher.load(Buffer.from(saved, 'base64'))
    return new SavableSha256(hasher)
  }

  update(chunk: Uint8Array): void {
    this.#hasher.update(chunk)
  }

  /** Digest of the bytes so far, which may go on. */
  digest(): Uint8Array {
    const state = this.#hasher.save()
    const digest = this.#hasher.digest('binary')
    this.#hasher.load(state)
    return digest
  }

  /** The state, as base64. */
  save(): string {
    return Buffer.from(this.#hasher.save()).toString('base64')
  }
}
