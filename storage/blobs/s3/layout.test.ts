import { describe, expect, it } from 'vitest'
import { digestOf, sampleBytes } from '../contract-bench.ts'
import { markerOf, objectOf, parseLocation } from './layout.ts'

const BYTES = sampleBytes(10)

/** Before docs/decisions/073 every location was a marker, which this expression knew. */
const MARKERS_ONLY =
  /^(?:sha256\/([0-9a-f]{2})\/\1[0-9a-f]{62}|sha512\/([0-9a-f]{2})\/\2[0-9a-f]{126})\.([A-Za-z0-9_-]{1,100})\.(\d{1,16})$/

describe.each(['sha256', 'sha512'] as const)('a location by %s', (algorithm) => {
  const digest = digestOf(BYTES, algorithm)

  it('says digest, upload and size, and where the bytes are', () => {
    const [object, marker] = [objectOf(digest, 'u-1', 10), markerOf(digest, 'u-1', 10)]
    const said = { digest, upload: 'u-1', size: 10 }
    expect(parseLocation(object)).toEqual({ ...said, location: object, dataKey: object })
    expect(parseLocation(marker)).toEqual({ ...said, location: marker, dataKey: 'data/u-1' })
  })

  it('of one object is none to a version that knows markers only: it looks for no data elsewhere', () => {
    expect(MARKERS_ONLY.test(markerOf(digest, 'u-1', 10))).toBe(true)
    expect(MARKERS_ONLY.test(objectOf(digest, 'u-1', 10))).toBe(false)
  })

  it.each(['.blob', '.txt', '.blob/x', 'blob'])('with %s behind it is none', (more) => {
    expect(parseLocation(objectOf(digest, 'u-1', 10) + more)).toBeUndefined()
  })
})
