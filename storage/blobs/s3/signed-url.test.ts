import { describe, expect, it } from 'vitest'
import { UrlSigner } from './signed-url.ts'

// The example of AWS's documentation, "Authenticating Requests: Using Query Parameters (Signature Version 4)".
const ADDRESS = {
  origin: 'https://examplebucket.s3.amazonaws.com',
  host: 'examplebucket.s3.amazonaws.com',
  path: '/',
}
const KEYS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}
const AT = { seconds: 86_400, now: Date.UTC(2013, 4, 24) }

describe('a signed URL', () => {
  it('is the one of the documentation', () => {
    expect(new UrlSigner(ADDRESS, 'us-east-1').sign('test.txt', KEYS, AT)).toBe(
      'https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    )
  })

  it('is made with the keys of the call and the day of the call, also when others were used before', () => {
    const signer = new UrlSigner(ADDRESS, 'us-east-1')
    const fresh = (keys: typeof KEYS, now: number): string =>
      new UrlSigner(ADDRESS, 'us-east-1').sign('a', keys, { seconds: 60, now })
    const other = { ...KEYS, secretAccessKey: 'other' }
    for (const [keys, now] of [
      [KEYS, AT.now],
      [other, AT.now],
      [KEYS, AT.now + 86_400_000],
    ] as const)
      expect(signer.sign('a', keys, { seconds: 60, now })).toBe(fresh(keys, now))
  })

  it('carries a session token, and encodes what a path may not hold', () => {
    const url = new UrlSigner({ ...ADDRESS, path: '/bucket/' }, 'x').sign(
      "a b/ü+(1)'",
      { ...KEYS, sessionToken: 'to/ken' },
      AT,
    )
    expect(url).toContain('/bucket/a%20b/%C3%BC%2B%281%29%27?')
    expect(url).toContain('&X-Amz-Security-Token=to%2Fken&')
  })
})
