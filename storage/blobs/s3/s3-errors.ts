import { NoSpace, StoreDamaged, StoreUnavailable } from '../../store-errors.ts'
import { UploadGone } from '../blob-store.ts'

/** A call that S3 answered with an error, or did not answer. Never leaves the driver. */
export class S3CallFailed extends Error {
  override readonly name = 'S3CallFailed'
  /** S3's own name for it, such as NoSuchKey; the system's, such as ECONNREFUSED, when nothing was answered. */
  readonly code: string
  /** Of the answer; undefined when there was none. */
  readonly status: number | undefined

  constructor(code: string, status: number | undefined, cause?: unknown) {
    super(status === undefined ? code : `${code} (${status})`, { cause })
    this.code = code
    this.status = status
  }
}

/** What the SDK threw, read once. What the domain understands passes: a body that was being sent may have failed so. */
export function callFailure(error: unknown): unknown {
  const known = [S3CallFailed, NoSpace, StoreDamaged, StoreUnavailable, UploadGone].some(
    (kind) => error instanceof kind,
  )
  if (known || !(error instanceof Error)) return error
  return new S3CallFailed(codeOf(error), statusOf(error), error)
}

/** The innermost code of the system is what went wrong; the SDK's names say where. */
function codeOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code
  if ('Code' in error && typeof error.Code === 'string') return error.Code
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return codeOf(error.errors[0])
  if (error.name === 'Error' && error.cause instanceof Error) return codeOf(error.cause)
  return error.name
}

function statusOf(error: Error): number | undefined {
  if (!('$metadata' in error)) return undefined
  const metadata = error.$metadata
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined
}

const ABSENT: ReadonlySet<string> = new Set(['NoSuchKey', 'NotFound'])
const NO_UPLOAD: ReadonlySet<string> = new Set([
  'NoSuchUpload',
  'InvalidPart',
  'InvalidPartOrder',
  'NoSuchKey',
])
const SLOW: ReadonlySet<string> = new Set([
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
])
/** Said with a status that would otherwise mean a mistake of the caller, or in the body of a 200. */
const PASSING: ReadonlySet<string> = new Set([
  ...SLOW,
  'InternalError',
  // Ceph's, when others work on the same key.
  'UnknownError',
  'ServiceUnavailable',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'OperationAborted',
  'IncompleteBody',
])

export function isAbsent(error: unknown): boolean {
  return (
    error instanceof S3CallFailed && (ABSENT.has(error.code) || error.status === 404) && !isNoBucket(error)
  )
}

/** The multipart upload, or a part of it, is not what the caller believes. */
export function isNoUpload(error: unknown): boolean {
  return error instanceof S3CallFailed && NO_UPLOAD.has(error.code)
}

export function isNotImplemented(error: unknown): boolean {
  return error instanceof S3CallFailed && error.status === 501
}

export function isSlowDown(error: unknown): boolean {
  return (
    error instanceof S3CallFailed && (SLOW.has(error.code) || error.status === 503 || error.status === 429)
  )
}

/** Of a quota, or of the engine's disks: Ceph's, and MinIO's. */
const FULL: ReadonlySet<string> = new Set([
  'QuotaExceeded',
  'XMinioAdminBucketQuotaExceeded',
  'XMinioStorageFull',
])

/** There is no room for what is sent. That does not pass while a request waits. */
export function isFull({ code, status }: S3CallFailed): boolean {
  return FULL.has(code) || status === 507
}

/** Whether the same call may go well a little later: no answer, an answer of a server in trouble, or "slow down". */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof S3CallFailed) || isFull(error)) return false
  if (error.status === undefined) return !LASTING.has(error.code)
  return (error.status >= 500 && error.status !== 501) || error.status === 429 || PASSING.has(error.code)
}

/** Failures without an answer that no patience mends: names that do not exist pass, certificates do not. */
const LASTING: ReadonlySet<string> = new Set([
  'CredentialsProviderError',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'TypeError',
  'RangeError',
])

export function isCertificateFailure({ code }: S3CallFailed): boolean {
  return /CERT|VERIFY|ALTNAME/.test(code)
}

function isNoBucket({ code }: S3CallFailed): boolean {
  return code === 'NoSuchBucket'
}

/** What the domain is told; mistakes of this program pass unchanged. */
export function asStoreError(error: unknown, what: string): unknown {
  if (!(error instanceof S3CallFailed)) return error
  if (error.code === 'TypeError' || error.code === 'RangeError') return error.cause
  if (isFull(error)) return new NoSpace(`S3 has no room to ${what}: ${error.message}`, { cause: error })
  return new StoreUnavailable(`S3 did not ${what}: ${error.message}`, { cause: error })
}
