import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { UploadGone } from '../../storage/blobs/blob-store.ts'
import { MetadataConflict } from '../../storage/metadata/metadata-store.ts'
import { NoSpace, StoreDamaged, StoreUnavailable } from '../../storage/store-errors.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { asRegistryError, renderError } from './render-error.ts'

const body = z.strictObject({
  errors: z.array(
    z.strictObject({ code: z.string(), message: z.string(), detail: z.record(z.string(), z.unknown()) }),
  ),
})

function rendered(error: RegistryError) {
  const reply = renderError(error, 'request-1')
  const text = typeof reply.body === 'string' ? reply.body : ''
  return { status: reply.status, headers: reply.headers, ...body.parse(JSON.parse(text)), text }
}

describe('asRegistryError', () => {
  it.each([
    [new NoSpace('ENOSPC /secret/path'), 'STORAGE_FULL', 507],
    [new StoreUnavailable('/secret/path'), 'UNAVAILABLE', 503],
    [new MetadataConflict('secret key'), 'UNAVAILABLE', 503],
    [new StoreDamaged('at /secret/path'), 'UNKNOWN', 500],
    [new UploadGone('/secret/path'), 'BLOB_UPLOAD_UNKNOWN', 404],
    [new TypeError('secret'), 'UNKNOWN', 500],
    ['secret', 'UNKNOWN', 500],
    [undefined, 'UNKNOWN', 500],
  ])('%s is %s', (error, code, status) => {
    const known = asRegistryError(error)
    expect(known).toMatchObject({ code, status, cause: error })
    // What happened inside is for the log alone.
    expect(rendered(known).text).not.toContain('secret')
  })

  it('asks to come again where that helps', () => {
    for (const error of [new StoreUnavailable('x'), new MetadataConflict('x')])
      expect(asRegistryError(error).headers['retry-after']).toMatch(/^\d+$/)
  })

  it('leaves what is known as it is', () => {
    const error = new RegistryError('NAME_UNKNOWN')
    expect(asRegistryError(error)).toBe(error)
  })
})

describe('renderError', () => {
  it('is the form of the specification, with the request id', () => {
    const error = new RegistryError('RANGE_INVALID', {
      message: 'why',
      detail: { offset: 3 },
      headers: { range: '0-2' },
    })
    expect(rendered(error)).toMatchObject({
      status: 416,
      headers: { 'content-type': 'application/json', range: '0-2' },
      errors: [{ code: 'RANGE_INVALID', message: 'why', detail: { offset: 3, requestId: 'request-1' } }],
    })
  })

  it('lists all that is wrong', () => {
    const also = [new RegistryError('MANIFEST_BLOB_UNKNOWN', { detail: { digest: 'b' } })]
    const error = new RegistryError('MANIFEST_BLOB_UNKNOWN', { detail: { digest: 'a' }, also })
    expect(rendered(error).errors.map(({ detail }) => detail['digest'])).toEqual(['a', 'b'])
  })

  it('never shows a cause', () => {
    expect(rendered(new RegistryError('UNKNOWN', { cause: new Error('secret') })).text).not.toContain(
      'secret',
    )
  })
})
