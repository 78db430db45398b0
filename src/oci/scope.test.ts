import {
  assert,
  constant,
  nat,
  oneof,
  property,
  record,
  string,
  stringMatching,
  uniqueArray,
} from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatScope, parseScope, parseScopes } from './scope.ts'

/** Any UTF-16 code unit: fast-check's own `binary` takes a second to prepare. */
const anyUnit = nat(0xffff).map((code) => String.fromCharCode(code))

describe('parseScope', () => {
  const cases: [string, unknown][] = [
    ['repository:a/b:pull,push', { type: 'repository', name: 'a/b', actions: ['pull', 'push'] }],
    ['repository:a/b:push,pull', { type: 'repository', name: 'a/b', actions: ['push', 'pull'] }],
    ['repository:a/b:*', { type: 'repository', name: 'a/b', actions: ['*'] }],
    ['repository(plugin):a/b:pull', { type: 'repository', name: 'a/b', actions: ['pull'] }],
    ['repository:host:5000/a:pull', { type: 'repository', name: 'host:5000/a', actions: ['pull'] }],
    ['registry:catalog:*', { type: 'registry', name: 'catalog', actions: ['*'] }],
    ['repository:a:pull,,pull', { type: 'repository', name: 'a', actions: ['pull'] }],
    ['', undefined],
    ['repository', undefined],
    ['repository:a', undefined],
    ['repository::pull', undefined],
    ['repository:a:', undefined],
    [':a:pull', undefined],
    ['repository():a:pull', undefined],
    ['Repository:a:pull', undefined],
  ]
  it.each(cases)('%s', (text, expected) => expect(parseScope(text)).toEqual(expected))

  it('gives back whatever formatScope wrote', () => {
    const word = stringMatching(/^[a-z0-9]{1,12}$/)
    const scope = record({
      type: word,
      name: stringMatching(/^[a-z0-9:/._-]{1,40}$/),
      actions: uniqueArray(oneof(word, constant('*')), { minLength: 1, maxLength: 4 }),
    })
    assert(
      property(scope, (value) => {
        expect(parseScope(formatScope(value))).toEqual(value)
      }),
    )
  })

  it('never throws', () => {
    assert(property(string({ unit: anyUnit }), (text) => void parseScopes([text])))
  })
})

describe('parseScopes', () => {
  it('takes repeated and space-joined scopes, in order', () => {
    const found = parseScopes(['repository:a:pull repository:b:push', 'registry:catalog:*'])
    expect(found.map(formatScope)).toEqual(['repository:a:pull', 'repository:b:push', 'registry:catalog:*'])
  })

  it('joins what is asked for one resource', () => {
    expect(parseScopes(['repository:a:pull', 'repository:a:push,pull']).map(formatScope)).toEqual([
      'repository:a:pull,push',
    ])
  })

  // Nobody has to be signed in to ask; going through all actions again for each would take minutes here.
  it('joins a hundred thousand actions in no more steps than there are', () => {
    const actions = Array.from({ length: 100_000 }, (_, at) => String(at))
    expect(parseScopes([actions.map((action) => `repository:a:${action}`).join(' ')])).toEqual([
      { type: 'repository', name: 'a', actions },
    ])
  })

  it('leaves out what is malformed', () => {
    expect(parseScopes(['', ' ', 'nonsense repository:a:pull']).map(formatScope)).toEqual([
      'repository:a:pull',
    ])
  })
})
