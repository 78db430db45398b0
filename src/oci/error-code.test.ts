import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from './error-code.ts'
import { RegistryError } from './registry-error.ts'

describe('ERROR_CODES', () => {
  it('gives the codes of the specification their status', () => {
    const statuses = Object.fromEntries(
      Object.entries(ERROR_CODES).map(([code, { status }]) => [code, status]),
    )
    expect(statuses).toMatchObject({
      BLOB_UNKNOWN: 404,
      BLOB_UPLOAD_INVALID: 400,
      BLOB_UPLOAD_UNKNOWN: 404,
      DIGEST_INVALID: 400,
      MANIFEST_BLOB_UNKNOWN: 400,
      MANIFEST_INVALID: 400,
      MANIFEST_UNKNOWN: 404,
      NAME_INVALID: 400,
      NAME_UNKNOWN: 404,
      SIZE_INVALID: 400,
      UNAUTHORIZED: 401,
      DENIED: 403,
      UNSUPPORTED: 405,
      TOOMANYREQUESTS: 429,
      UNKNOWN: 500,
      UNAVAILABLE: 503,
      TAG_INVALID: 400,
      RANGE_INVALID: 416,
      PAGINATION_NUMBER_INVALID: 400,
    })
  })

  it('has upper-case names and a sentence for each', () => {
    for (const [code, { status, message }] of Object.entries(ERROR_CODES)) {
      expect(code).toMatch(/^[A-Z_]+$/)
      expect(message.length).toBeGreaterThan(5)
      expect(status >= 400 && status < 600).toBe(true)
    }
  })
})

describe('RegistryError', () => {
  it('takes status and sentence from its code', () => {
    const error = new RegistryError('NAME_UNKNOWN')
    expect(error).toMatchObject({
      code: 'NAME_UNKNOWN',
      status: 404,
      headers: {},
      also: [],
      detail: undefined,
    })
    expect(error.message).toBe(ERROR_CODES.NAME_UNKNOWN.message)
    expect(error).toBeInstanceOf(Error)
  })

  it('can say more', () => {
    const cause = new Error('inside')
    const error = new RegistryError('MANIFEST_INVALID', {
      status: 413,
      message: 'too long',
      cause,
      detail: { a: 1 },
    })
    expect(error).toMatchObject({ status: 413, message: 'too long', cause, detail: { a: 1 } })
  })
})
