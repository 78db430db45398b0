/**
 * Every code that a failure can carry, with its HTTP status and the sentence for a client.
 * The first group is closed by distribution-spec "Error Codes"; the second is what docker's own
 * registry added and clients know; the third is our own.
 */
export const ERROR_CODES = {
  BLOB_UNKNOWN: { status: 404, message: 'blob unknown to this repository' },
  BLOB_UPLOAD_INVALID: { status: 400, message: 'blob upload invalid' },
  BLOB_UPLOAD_UNKNOWN: { status: 404, message: 'blob upload unknown to this repository' },
  DIGEST_INVALID: { status: 400, message: 'provided digest did not match the content, or is not a digest' },
  MANIFEST_BLOB_UNKNOWN: { status: 400, message: 'manifest refers to content that this repository lacks' },
  MANIFEST_INVALID: { status: 400, message: 'manifest invalid' },
  MANIFEST_UNKNOWN: { status: 404, message: 'manifest unknown to this repository' },
  NAME_INVALID: { status: 400, message: 'invalid repository name' },
  NAME_UNKNOWN: { status: 404, message: 'repository name not known to this registry' },
  SIZE_INVALID: { status: 400, message: 'provided length did not match the content length' },
  UNAUTHORIZED: { status: 401, message: 'authentication required' },
  DENIED: { status: 403, message: 'requested access to the resource is denied' },
  UNSUPPORTED: { status: 405, message: 'the operation is unsupported' },
  TOOMANYREQUESTS: { status: 429, message: 'too many requests' },

  UNKNOWN: { status: 500, message: 'the server failed; the request id finds the reason in its log' },
  UNAVAILABLE: { status: 503, message: 'the service is unavailable for now' },
  TAG_INVALID: { status: 400, message: 'invalid tag' },
  RANGE_INVALID: { status: 416, message: 'invalid range' },
  PAGINATION_NUMBER_INVALID: { status: 400, message: 'invalid number of results requested' },

  GOOGLE_MANIFEST_DANGLING_TAG: { status: 400, message: 'a tag still leads to the manifest' },
  GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE: { status: 400, message: 'an index still leads to the manifest' },

  STORAGE_FULL: { status: 507, message: 'the registry has no room for more content; pulls go on' },
  REQUEST_INVALID: { status: 400, message: 'the request is not what this route takes' },
  CHECK_FAILED: { status: 422, message: 'the image does not keep the rules that it was checked by' },
  CONFLICT: { status: 409, message: 'what is there stands in the way of the request' },
} as const

export type ErrorCode = keyof typeof ERROR_CODES
