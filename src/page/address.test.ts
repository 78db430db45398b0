import { array, assert, nat, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isReturnPath, placeOf, queryText } from './address.ts'

describe('the state in the address', () => {
  test('is as readable as an address may be', () => {
    expect(queryText({ ref: 'demo/app:v1', step: 7, empty: '', off: false, none: undefined, on: true })).toBe(
      'ref=demo/app:v1&step=7&on',
    )
    expect(queryText({ i: ['demo/app:v1', 'demo/app@sha256:ab'] })).toBe('i=demo/app:v1&i=demo/app@sha256:ab')
    expect(queryText({ path: '/a b/#&?=+%' })).toBe('path=/a%20b/%23%26%3F%3D%2B%25')
  })

  test('comes back as it was, whatever the text', () => {
    const text = array(nat(0xffff), { minLength: 1 }).map((units) => String.fromCharCode(...units))
    const texts = array(text, { minLength: 1, maxLength: 3 })
    assert(
      property(texts, texts, (ref, path) => {
        const { query } = placeOf(`http://host/base/grid?${queryText({ ref, path })}`)
        expect(query.getAll('ref')).toEqual(ref.map((value) => value.toWellFormed()))
        expect(query.getAll('path')).toEqual(path.map((value) => value.toWellFormed()))
      }),
    )
  })

  test('names the view in the last segment, below any path', () => {
    expect(placeOf('http://host/some/where/grid?i=a').view).toBe('grid')
    expect(placeOf('http://host/').view).toBe('')
  })
})

describe('where to go after signing in', () => {
  test.each(['/grid?i=demo/app:v1', '/', '/image?path=//x'])('%s is a place of this page', (text) => {
    expect(isReturnPath(text, '/')).toBe(true)
  })

  test.each([
    '',
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '\\/evil.example',
    'javascript:alert(1)',
    ' /grid',
    '/grid\n/x',
    '/a\\b',
  ])('%j is none', (text) => {
    expect(isReturnPath(text, '/')).toBe(false)
  })

  test('stays below the path of the page', () => {
    expect(isReturnPath('/registry/grid', '/registry/')).toBe(true)
    expect(isReturnPath('/elsewhere', '/registry/')).toBe(false)
  })
})
