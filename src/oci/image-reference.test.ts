import { describe, expect, it } from 'vitest'
import { formatImageReference, parseImageReference } from './image-reference.ts'

const DIGEST = `sha256:${'ab'.repeat(32)}`

describe('image references', () => {
  it.each([
    ['demo/app:v1', 'demo/app:v1'],
    ['demo', 'demo:latest'],
    [`demo/a/b@${DIGEST}`, `demo/a/b@${DIGEST}`],
    [`demo/app:v1@${DIGEST}`, `demo/app@${DIGEST}`],
  ])('%s is %s', (text, meant) => {
    const parsed = parseImageReference(text)
    expect(parsed && formatImageReference(parsed)).toBe(meant)
  })

  it.each([
    '',
    ':v1',
    'Demo/app:v1',
    'demo/app:',
    'demo/app:v1:v2',
    'demo/app@',
    'demo/app@sha256:ab',
    `demo/app:-@${DIGEST}`,
    'localhost:5000/demo/app',
  ])('%j is none', (text) => expect(parseImageReference(text)).toBeUndefined())
})
