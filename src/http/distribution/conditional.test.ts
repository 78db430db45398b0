import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { parseDigest } from '../../oci/digest.ts'
import { isUnchanged, rangeCounts, tagCondition } from './conditional.ts'

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

describe('tagCondition', () => {
  const A = parseDigest(`sha256:${'a'.repeat(64)}`)
  const B = parseDigest(`sha256:${'b'.repeat(64)}`)
  it.each([
    // RFC 9110 §13.1.1: `*` is true "if the origin server has a current representation"
    [{ 'if-match': '*' }, A, true],
    [{ 'if-match': '*' }, undefined, false],
    [{ 'if-match': `"${A}"` }, A, true],
    [{ 'if-match': `"${B}", "${A}"` }, A, true],
    [{ 'if-match': `"${B}"` }, A, false],
    [{ 'if-match': `"${A}"` }, undefined, false],
    // §13.1.2: the other way round
    [{ 'if-none-match': '*' }, A, false],
    [{ 'if-none-match': '*' }, undefined, true],
    [{ 'if-none-match': `"${A}"` }, A, false],
    [{ 'if-none-match': `"${B}"` }, A, true],
    [{ 'if-match': `"${A}"`, 'if-none-match': `"${A}"` }, A, false],
  ])('%j with %s: %s', (headers, current, holds) =>
    expect(tagCondition(request(headers))?.(current)).toBe(holds),
  )

  it('without a header asks for nothing', () => expect(tagCondition(request({}))).toBeUndefined())
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
