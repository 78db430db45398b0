import { describe, expect, it } from 'vitest'
import { parseDigest } from '../../oci/digest.ts'
import { areRelated, redirected } from './redirect.ts'

describe('hosts between which clients carry their credentials', () => {
  it.each([
    ['registry.example', 'registry.example'],
    ['registry.example', 's3.registry.example'],
    ['s3.registry.example', 'registry.example'],
    ['127.0.0.1', '127.0.0.1'],
  ])('are %s and %s', (one, other) => {
    expect(areRelated(one, other)).toBe(true)
  })

  it.each([
    ['registry.example', 's3.example'],
    ['registry.example', 'notregistry.example'],
    ['localhost', '127.0.0.1'],
    ['registry.example', 'bucket.s3.eu-west-1.amazonaws.com'],
  ])('are not %s and %s', (one, other) => {
    expect(areRelated(one, other)).toBe(false)
  })
})

describe('a pull', () => {
  const digest = parseDigest(`sha256:${'0'.repeat(64)}`)
  const from = async (origin: string): Promise<number | undefined> => {
    if (digest === undefined) throw new TypeError('no digest')
    const presign = () => Promise.resolve('https://bucket.s3.example/key?signature')
    return (await redirected({ origin }, { digest, presign }))?.status
  }

  it.each([
    ['https://registry.example:5000', 307],
    ['https://s3.example', undefined],
    // What the Host header says; no URL has that port, and the bytes come from here.
    ['http://registry.example:99999', undefined],
  ])('of who calls us %s is answered %s', async (origin, status) => {
    expect(await from(origin)).toBe(status)
  })
})
