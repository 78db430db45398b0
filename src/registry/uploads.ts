import { randomUUID } from 'node:crypto'
import { UploadGone } from '../../storage/blobs/blob-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import { type Digest, type DigestAlgorithm, digestAlgorithm } from '../oci/digest.ts'
import { projectOf, type RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { keys } from '../records/keys.ts'
import { type UploadRecord, uploadCodec } from '../records/upload.ts'
import { type Chunk, checkChunk } from './chunk.ts'
import { finishUpload } from './finish-upload.ts'
import type { RegistryParts } from './parts.ts'
import { type Received, receiveChunk } from './receive-chunk.ts'
import { ensureRepository } from './repositories.ts'
import { resumeHash } from './resume-hash.ts'
import { HashCache, hashAgain, RunningHash } from './running-hash.ts'
import { SessionLimit } from './session-limit.ts'
import {
  checkUnchanged,
  isFinished,
  loadSession,
  outOfOrder,
  type Session,
  type SessionName,
  uploadUnknown,
  withoutWriter,
} from './upload-session.ts'
import { UploadTurns, type Writing } from './upload-turns.ts'

/**
 * Upload sessions. A session is its record: begun before the first byte, moved on at the end of each request,
 * finished in the one commit that makes the blob readable. Memory holds nothing but hashes and who is writing here now.
 */
export class Uploads {
  readonly #parts: RegistryParts
  readonly #hashes = new HashCache()
  readonly #turns: UploadTurns
  readonly #sessions: SessionLimit

  constructor(parts: RegistryParts) {
    this.#parts = parts
    this.#turns = new UploadTurns(parts)
    this.#sessions = new SessionLimit(parts)
  }

  /** Begins a session and gives its id. Throws TOOMANYREQUESTS, STORAGE_FULL, and DENIED when the quota is used up. */
  async start(name: RepositoryName, account: string, announced?: DigestAlgorithm): Promise<string> {
    const { metadata, blobs, quotas, settings } = this.#parts
    await this.#checkRoom()
    await quotas.check(projectOf(name), 0)
    await this.#sessions.check(account)
    const id = randomUUID()
    const state = await blobs.create(id)
    const hash = new RunningHash(announced)
    await transact(metadata, async (transaction) => {
      const now = this.#parts.now()
      const { ensureProject } = this.#parts
      const repository = await ensureRepository(transaction, name, { account, now, ensureProject })
      const record: UploadRecord = {
        name,
        repo: repository.id,
        account,
        offset: 0,
        state,
        prefix: hash.sha256(),
        ...(announced && { algorithm: announced }),
        created: now,
        expires: now + settings.uploadExpiry,
      }
      transaction.set(uploadCodec, keys.upload(id), record)
      transaction.set(uploadCodec, keys.uploadOf(account, id), record)
    })
    this.#hashes.keep(id, hash)
    return id
  }

  /** Bytes that a session holds. Throws BLOB_UPLOAD_UNKNOWN, also when it is finished. */
  async status(name: SessionName): Promise<number> {
    return (await this.#open(name)).record.offset
  }

  /** Appends a chunk; gives the number of bytes that are here now. Throws RANGE_INVALID, SIZE_INVALID. */
  async append(name: SessionName, chunk: Chunk): Promise<number> {
    await this.#checkRoom()
    return this.#turns.take(name, async (writing) => {
      const { record } = writing.session
      if (record.done !== undefined) throw uploadUnknown(name)
      checkChunk(name, record.offset, chunk)
      const hash = await this.#resume(name, writing.session, chunk)
      const received = await this.#receive(writing, hash, chunk, false)
      await this.#progress(name, writing.session, received, hash)
      if (received.cut !== undefined) throw clientGone(received.cut)
      return received.offset
    })
  }

  /**
   * Ends a session with its last bytes, if any: the blob becomes readable. A finished session that is finished with
   * the same digest again is a success again. Throws DIGEST_INVALID, RANGE_INVALID, SIZE_INVALID; the session and
   * what it held before stay usable then.
   */
  async finish(name: SessionName, digest: Digest, chunk: Chunk): Promise<void> {
    try {
      await this.#finish(name, digest, chunk)
    } catch (error) {
      // Another replica may have finished it with the same digest meanwhile.
      if (!(error instanceof RegistryError) || !(await isFinished(this.#parts, name, digest))) throw error
    }
  }

  async #finish(name: SessionName, digest: Digest, chunk: Chunk): Promise<void> {
    await this.#turns.take(name, async (writing) => {
      const opened = writing.session
      if (opened.record.done === digest) return
      if (opened.record.done !== undefined || isClosedAsOther(opened, digest)) throw uploadUnknown(name)
      checkChunk(name, opened.record.offset, chunk)
      await this.#checkQuota(name, digest, opened.record.offset, chunk)
      if (chunk.length === 0 && opened.record.prefix === digest) {
        // All is here and its digest was stored with the last chunk: nothing is read again, in whichever process.
        const { state, offset } = opened.record
        const received = { state, offset, cut: undefined }
        return finishUpload(this.#parts, { name, session: opened, received, digest, sha256: digest })
      }
      const hash = await this.#resume(name, opened, chunk)
      const received = await this.#receive(writing, hash, chunk, true)
      if (received.cut !== undefined) {
        await this.#progress(name, writing.session, received, hash)
        throw clientGone(received.cut)
      }
      const sha256 = hash.sha256()
      const own = hash.digest(digestAlgorithm(digest)) ?? (await this.#hashUpload(received, digest))
      if (own !== undefined) checkDigest(received, own, digest)
      await this.#claim(name, writing, sha256)
      if (own === undefined) checkDigest(received, await this.#hashBlob(received, sha256, digest), digest)
      await finishUpload(this.#parts, { name, session: writing.session, received, digest, sha256 })
    })
  }

  /** A PATCH says no digest, and may bring what the project holds already: it is judged at its end. */
  async #checkQuota(name: SessionName, digest: Digest, offset: number, chunk: Chunk): Promise<void> {
    if (chunk.length === undefined || chunk.length === 0 || digestAlgorithm(digest) !== 'sha256') return
    const blob = { sha256: digest, size: offset + chunk.length }
    await this.#parts.quotas.checkAhead(projectOf(name.name), blob)
  }

  /** Cancels a session. Throws BLOB_UPLOAD_UNKNOWN. */
  async cancel(name: SessionName): Promise<void> {
    const session = await this.#open(name)
    // What the store has begun until now, which may be more than when the session was loaded.
    const state = await transact(this.#parts.metadata, async (transaction) => {
      const now = await transaction.getChecked(uploadCodec, session.key)
      if (now === undefined || now.value.done !== undefined || now.value.ended === true)
        throw uploadUnknown(name)
      transaction.set(uploadCodec, session.key, { ...now.value, ended: true })
      transaction.delete(keys.uploadOf(name.account, name.id))
      return now.value.state
    })
    // Expiry does the rest when this process, or the store, fails here.
    await this.#parts.blobs.abort(state)
    await this.#parts.metadata.commit({ checks: [], sets: [], deletes: [session.key] })
  }

  async #open(name: SessionName): Promise<Session> {
    const session = await loadSession(this.#parts, name)
    if (session.record.done !== undefined) throw uploadUnknown(name)
    return session
  }

  async #resume(name: SessionName, session: Session, chunk: Chunk): Promise<RunningHash> {
    const { id } = name
    const { record } = session
    const hash = await resumeHash(this.#parts, this.#hashes, { id, record, chunk })
    if (hash !== undefined) return hash
    const restart = { state: record.state, offset: 0, cut: undefined }
    await this.#progress(name, session, restart, new RunningHash(record.algorithm))
    throw outOfOrder(name, 0, 'the bytes of this upload cannot be gone on with, and have to be sent again')
  }

  /** Streams a chunk in; the session moves on when there is something to record meanwhile. */
  #receive(writing: Writing, hash: RunningHash, chunk: Chunk, completing: boolean): Promise<Received> {
    const { state, offset } = writing.session.record
    return receiveChunk(this.#parts, chunk, {
      state,
      offset,
      hash,
      completing,
      record: (next) => writing.recordGoingOn(next),
      goOn: () => writing.goOn(),
    })
  }

  async #progress(name: SessionName, session: Session, received: Received, hash: RunningHash): Promise<void> {
    await transact(this.#parts.metadata, async (transaction) => {
      await checkUnchanged(transaction, name, session)
      transaction.set(uploadCodec, session.key, {
        ...withoutWriter(session.record),
        offset: received.offset,
        state: received.state,
        prefix: hash.sha256(),
        hash: hash.save(),
        expires: this.#parts.now() + this.#parts.settings.uploadExpiry,
      })
    })
    this.#hashes.keep(name.id, hash)
  }

  /**
   * The last bytes are in no record yet: two replicas that have others each would both store theirs as this upload's.
   * So what becomes of it is written down first, and is never changed.
   */
  async #claim(name: SessionName, writing: Writing, sha256: Digest): Promise<void> {
    if ((writing.session.record.closing ?? sha256) !== sha256) throw uploadUnknown(name)
    await writing.record({ closing: sha256 })
  }

  /** The bytes of an upload once more, where the store gives them before it is complete. */
  async #hashUpload({ state, offset }: Received, expected: Digest): Promise<Digest | undefined> {
    const { blobs } = this.#parts
    if (!blobs.readsUploads) return undefined
    return hashAgain(await blobs.readUpload(state, offset), digestAlgorithm(expected))
  }

  /** The same where it gives them only then: the location is given up again when the digest is wrong. */
  async #hashBlob({ state, offset }: Received, sha256: Digest, expected: Digest): Promise<Digest> {
    const { blobs } = this.#parts
    const location = await blobs.complete(state, offset, sha256)
    const reader = await blobs.read(location)
    if (reader === undefined) throw new UploadGone(`nothing at ${location} after it was completed`)
    const digest = await hashAgain(reader, digestAlgorithm(expected))
    if (digest !== expected) await blobs.remove(location)
    return digest
  }

  async #checkRoom(): Promise<void> {
    const free = await this.#parts.blobs.freeBytes()
    if (free === undefined || free >= this.#parts.settings.minFree) return
    throw new RegistryError('STORAGE_FULL', {
      message: `the registry's disk has ${Math.floor(free / 2 ** 20)} MiB left, and refuses pushes below ${Math.floor(this.#parts.settings.minFree / 2 ** 20)} MiB; free space or ask who runs it`,
    })
  }
}

/** Nobody is left to read it; the access log shows it. */
function clientGone(cause: unknown): RegistryError {
  return new RegistryError('BLOB_UPLOAD_INVALID', {
    message: 'the client went away before the end of the body',
    cause,
  })
}

/** Another replica makes it a blob of other bytes: any step of this request would stop that one, and gain nothing. */
function isClosedAsOther({ record: { closing } }: Session, digest: Digest): boolean {
  return closing !== undefined && digestAlgorithm(digest) === 'sha256' && closing !== digest
}

function checkDigest({ offset }: Received, own: Digest, digest: Digest): void {
  if (own === digest) return
  throw new RegistryError('DIGEST_INVALID', {
    message: `the ${offset} bytes that were sent have digest ${own}, not ${digest}`,
    detail: { digest, received: own, size: offset },
  })
}
