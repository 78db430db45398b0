import { isDeepStrictEqual } from 'node:util'
import { type Transaction, transact } from '../../storage/metadata/transact.ts'
import { uploadRange } from '../oci/content-range.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { keys } from '../records/keys.ts'
import { type UploadRecord, uploadCodec } from '../records/upload.ts'
import type { RegistryParts } from './parts.ts'

/** What names a session: its id alone is not enough, it belongs to one repository and one account. */
export interface SessionName {
  readonly id: string
  readonly name: RepositoryName
  readonly account: string
}

/** An open session's record, with the version that later writes check. */
export interface Session {
  readonly key: Uint8Array
  readonly version: bigint
  readonly record: UploadRecord
}

/** Path of a session under this registry, relative so that it holds behind any proxy. */
export function uploadLocation(name: RepositoryName, id: string): string {
  return `/v2/${name}/blobs/uploads/${id}`
}

/** As randomUUID writes it. Other text is no session, and may hold what a key must not. */
const SESSION_ID = /^[0-9a-f-]{36}$/

/** Loads a session. Throws BLOB_UPLOAD_UNKNOWN when it is not there, over, or someone else's: all the same answer. */
export async function loadSession(parts: RegistryParts, session: SessionName): Promise<Session> {
  const found = await findSession(parts, session)
  if (found === undefined) throw uploadUnknown(session)
  return found
}

/** Whether it ended with this digest. */
export async function isFinished(
  parts: RegistryParts,
  session: SessionName,
  digest: Digest,
): Promise<boolean> {
  return (await findSession(parts, session))?.record.done === digest
}

async function findSession(parts: RegistryParts, session: SessionName): Promise<Session | undefined> {
  if (!SESSION_ID.test(session.id)) return undefined
  const key = keys.upload(session.id)
  const [stored] = await parts.metadata.read([key])
  const record = stored && uploadCodec.decode(stored.value)
  const own = record?.name === session.name && record.account === session.account
  if (stored === undefined || record === undefined || !own || isOver(record, parts.now())) return undefined
  return { key, version: stored.version, record }
}

/** The record of a session whose writer has ended. */
export function withoutWriter(record: UploadRecord): UploadRecord {
  const { writer: _, ...rest } = record
  return rest
}

function isOver({ expires, ended }: UploadRecord, now: number): boolean {
  return expires < now || ended === true
}

/** What a request writes down before it has ended. */
export type SessionStep = Partial<Pick<UploadRecord, 'state' | 'closing' | 'writer'>>

/**
 * Writes down what a request has begun in the middle of its work; gives the session as it is then. Throws
 * RANGE_INVALID when someone continued it, BLOB_UPLOAD_UNKNOWN when someone ended it.
 */
export async function recordStep(
  parts: RegistryParts,
  name: SessionName,
  session: Session,
  step: SessionStep,
): Promise<Session> {
  // A request that takes long is no idle session.
  const expires = parts.now() + parts.settings.uploadExpiry
  const record = { ...session.record, ...step, expires }
  await transact(parts.metadata, async (transaction) => {
    await checkUnchanged(transaction, name, session)
    transaction.set(uploadCodec, session.key, record)
  })
  const after = await loadSession(parts, name)
  // Nobody else writes just this: a record that is any different was written after it.
  if (!isDeepStrictEqual(after.record, record)) throw overtaken(name, after.record)
  return after
}

/**
 * The commit checks that the session is still as it was read. Throws RANGE_INVALID when someone continued it, as on
 * another replica, BLOB_UPLOAD_UNKNOWN when someone ended it.
 */
export async function checkUnchanged(
  transaction: Transaction,
  name: SessionName,
  session: Session,
): Promise<void> {
  const now = await transaction.getChecked(uploadCodec, session.key)
  if (now?.version !== session.version) throw overtaken(name, now?.value)
}

/** What someone is told whose session another request has changed. */
function overtaken(name: SessionName, now: UploadRecord | undefined): RegistryError {
  if (now === undefined || now.done !== undefined || now.ended === true) return uploadUnknown(name)
  return outOfOrder(name, now.offset, 'another request wrote to this upload session')
}

export function uploadUnknown({ id, name }: SessionName): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', {
    message: `upload session '${id.slice(0, 100)}' does not exist in '${name}', is over, or was begun by another account; start a new one with POST /v2/${name}/blobs/uploads/`,
  })
}

/**
 * distribution-spec "Pushing a blob in chunks": chunks must come in order, else 416. The headers let the client
 * resume without another request.
 */
export function outOfOrder(session: SessionName, offset: number, why: string): RegistryError {
  return new RegistryError('RANGE_INVALID', {
    message: `${why}; ${offset} bytes are here, so the next chunk starts at ${offset}`,
    detail: { offset },
    headers: {
      location: uploadLocation(session.name, session.id),
      range: uploadRange(offset, '0--1'),
      'docker-upload-uuid': session.id,
    },
  })
}
