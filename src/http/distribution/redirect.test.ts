import { describe, expect, it } from 'vitest'
import { areRelated } from './redirect.ts'

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
