import { UploadGone } from '../../storage/blobs/blob-store.ts'
import { MetadataConflict } from '../../storage/metadata/metadata-store.ts'
import { NoSpace, StoreDamaged, StoreUnavailable } from '../../storage/store-errors.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { json, type Reply } from './exchange.ts'

/** Whatever was thrown, as the error that the client is told. Store failures keep their cause for the log. */
export function asRegistryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error
  if (error instanceof NoSpace) return new RegistryError('STORAGE_FULL', { cause: error })
  if (error instanceof StoreUnavailable || error instanceof MetadataConflict)
    return new RegistryError('UNAVAILABLE', {
      message: 'the store behind the registry does not answer now; try again',
      cause: error,
      headers: { 'retry-after': '5' },
    })
  if (error instanceof StoreDamaged)
    return new RegistryError('UNKNOWN', {
      message: 'the stored bytes are damaged or missing; pushing the same image again repairs them',
      cause: error,
    })
  if (error instanceof UploadGone)
    return new RegistryError('BLOB_UPLOAD_UNKNOWN', {
      message: 'the bytes of this upload were lost; start a new one',
      cause: error,
    })
  return new RegistryError('UNKNOWN', { cause: error })
}

/** distribution-spec "Error Codes": `errors` of code, message and detail. The request id leads to the log. */
export function renderError(error: RegistryError, requestId: string): Reply {
  const errors = [error, ...error.also].map(({ code, message, detail }) => ({
    code,
    message,
    detail: { ...detail, requestId },
  }))
  return json(error.status, { errors }, error.headers)
}
