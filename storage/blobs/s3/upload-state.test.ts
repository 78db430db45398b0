import { describe, expect, it } from 'vitest'
import { UploadGone } from '../blob-store.ts'
import { cutUpload, decodeUpload, encodeUpload, newUpload, type S3Upload } from './upload-state.ts'

const PLAN = { first: 10, run: 2 }
const NAMES = ['11111111-1111-1111-1111-111111111111', '22222222-2222-2222-2222-222222222222'] as const
/** Parts of 10, 10 and 20 bytes, then 5 and 4 bytes in side objects. */
const UPLOAD: S3Upload = {
  id: 'u',
  uploadId: '2~x,y:z',
  parts: ['a', 'b,c', 'd:e'],
  side: [
    { name: NAMES[0], size: 5, stored: 5 },
    { name: NAMES[1], size: 4, stored: 6 },
  ],
  last: 'f',
  held: { name: 'h', size: 3 },
}

describe('the recorded state of an upload', () => {
  it.each([newUpload('u'), UPLOAD, { ...UPLOAD, held: undefined, last: undefined, parts: [] }])(
    'comes back as it was written, through text',
    (upload) => {
      const state = encodeUpload(upload)
      const copy: unknown = JSON.parse(JSON.stringify(state))
      expect(copy).toEqual(state)
      expect(decodeUpload(state)).toEqual(upload)
    },
  )

  it.each([
    {},
    { id: 7 },
    { id: '../x' },
    { id: 'u', session: 's' },
    { id: 'u', side: 'x:1:1' },
    { id: 'u', side: `${NAMES[0]}:1` },
  ])('of another driver, or damaged, is none: %j', (state) => {
    expect(decodeUpload(state)).toBeUndefined()
  })
})

describe('an upload that is cut', () => {
  it('to what it has is the same', () => {
    expect(cutUpload(PLAN, UPLOAD, 52)).toBe(UPLOAD)
  })

  it('keeps the side objects up to there, the last one in part', () => {
    const cut = cutUpload(PLAN, UPLOAD, 47)
    expect(cut.parts).toEqual(UPLOAD.parts)
    expect(cut.side).toEqual([UPLOAD.side[0], { name: NAMES[1], size: 2, stored: 6 }])
    expect(cut).toMatchObject({ last: undefined, held: undefined })
    expect(cutUpload(PLAN, UPLOAD, 45).side).toEqual([UPLOAD.side[0]])
    expect(cutUpload(PLAN, UPLOAD, 40).side).toEqual([])
  })

  it('to nothing starts again, with the multipart upload that has to be ended some day', () => {
    expect(cutUpload(PLAN, UPLOAD, 0)).toEqual({ ...newUpload('u'), uploadId: UPLOAD.uploadId })
  })

  it.each([39, 20, 1, 53, 51])(
    'cannot end at %d: inside a part, behind the end, or inside what is held',
    (length) => {
      expect(() => cutUpload(PLAN, UPLOAD, length)).toThrow(UploadGone)
    },
  )
})
