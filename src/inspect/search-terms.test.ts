import { expect, test } from 'vitest'
import { readSearchTerms } from './search-terms.ts'

const HEX = '0123456789abcdef'
const digest = { algorithm: 'sha256', hex: HEX }

test.each([
  ['App', { name: 'app', tag: 'App', digest: undefined, together: false }],
  ['demo/app', { name: 'demo/app', tag: undefined, digest: undefined, together: false }],
  ['demo/app:V1', { name: 'demo/app', tag: 'V1', digest: undefined, together: true }],
  [':v1', { name: '', tag: 'v1', digest: undefined, together: true }],
  ['demo/app:', { name: 'demo/app', tag: undefined, digest: undefined, together: false }],
  ['abcdef', { name: 'abcdef', tag: 'abcdef', digest: undefined, together: false }],
  [HEX, { name: HEX, tag: HEX, digest, together: false }],
  [`sha256:${HEX}`, { name: `sha256:${HEX}`, tag: undefined, digest, together: false }],
  [`app@sha256:${HEX}`, { name: 'app', tag: undefined, digest, together: true }],
  [`sha256:${'0'.repeat(65)}`, { name: 'sha256', tag: '0'.repeat(65), digest: undefined, together: true }],
])('%s', (text, terms) => {
  expect(readSearchTerms(text)).toEqual(terms)
})
