import { describe, expect, it } from 'vitest'
import { formatChallenge } from './challenge.ts'

describe('formatChallenge', () => {
  const base = { realm: 'https://r.example/token', service: 'lamina' }
  const scope = [{ type: 'repository', name: 'a/b', actions: ['pull', 'push'] }]

  it('has no scope on /v2/', () => {
    expect(formatChallenge(base)).toBe('Bearer realm="https://r.example/token",service="lamina"')
    expect(formatChallenge({ ...base, scope: [] })).toBe(
      'Bearer realm="https://r.example/token",service="lamina"',
    )
  })

  it('names scope and error, quoted', () => {
    expect(formatChallenge({ ...base, scope, error: 'insufficient_scope' })).toBe(
      'Bearer realm="https://r.example/token",service="lamina",scope="repository:a/b:pull,push",error="insufficient_scope"',
    )
  })

  it('says what is missing last, without what clients would have to unescape', () => {
    const description = 'you may pull from "a/b"\\, not push: that takes a role …\r\nX: y'
    expect(formatChallenge({ ...base, scope, error: 'insufficient_scope', description })).toBe(
      `Bearer realm="https://r.example/token",service="lamina",scope="repository:a/b:pull,push",error="insufficient_scope",error_description="you may pull from 'a/b'', not push: that takes a role X: y"`,
    )
  })

  it('names both repositories of a mount', () => {
    const both = [...scope, { type: 'repository', name: 'c', actions: ['pull'] }]
    expect(formatChallenge({ ...base, scope: both })).toContain(
      'scope="repository:a/b:pull,push repository:c:pull"',
    )
  })

  it('lets nothing break out of its quotes', () => {
    const evil = [{ type: 'repository', name: 'a",realm="http://evil\\\r\nX: y', actions: ['pull'] }]
    expect(formatChallenge({ ...base, scope: evil })).toContain(
      'scope="repository:a\\",realm=\\"http://evil\\\\X: y:pull"',
    )
  })
})
