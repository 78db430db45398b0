import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { isUnchanged, rangeCounts } from './conditional.ts'

function request(headers: Record<string, string>): IncomingMessage {
  const made = new IncomingMessage(new Socket())
  Object.assign(made.headers, headers)
  return made
}

describe('isUnchanged', () => {
  it.each([
    ['"sha256:a"', true],
    ['sha256:a', true],
    ['W/"sha256:a"', true],
    ['"sha256:b", "sha256:a"', true],
    ['*', true],
    ['"sha256:b"', false],
    ['sha256:', false],
    ['', false],
  ])('%j: %s', (header, unchanged) =>
    expect(isUnchanged(request({ 'if-none-match': header }), 'sha256:a')).toBe(unchanged),
  )

  it('without the header is not', () => expect(isUnchanged(request({}), 'sha256:a')).toBe(false))
})

describe('rangeCounts', () => {
  it.each([
    ['"sha256:a"', true],
    ['"sha256:b"', false],
    // Only a strong tag will do.
    ['W/"sha256:a"', false],
    ['Wed, 21 Oct 2015 07:28:00 GMT', false],
    ['', false],
  ])('%j: %s', (header, counts) =>
    expect(rangeCounts(request({ 'if-range': header }), 'sha256:a')).toBe(counts),
  )

  it('without the header it does', () => expect(rangeCounts(request({}), 'sha256:a')).toBe(true))
})
