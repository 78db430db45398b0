import { describe, expect, it } from 'vitest'
import { RegistryError } from '../oci/registry-error.ts'
import { ReadOnlySwitch } from './read-only.ts'
import type { Right, Route } from './route.ts'

function route(method: Route['method'], right: Right, operationId = 'x'): Route {
  return { operationId, method, path: '/', right, handle: () => Promise.resolve({ status: 200 }) }
}

function refusal(readOnly: ReadOnlySwitch, one: Route): string | undefined {
  try {
    readOnly.refuse(one)
    return undefined
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    expect(error).toMatchObject({ code: 'UNAVAILABLE', status: 503, headers: { 'retry-after': '60' } })
    return error.message
  }
}

describe('ReadOnlySwitch', () => {
  it('refuses writes while it is on, and says why', () => {
    const readOnly = new ReadOnlySwitch(false)
    expect(refusal(readOnly, route('PUT', 'push'))).toBeUndefined()
    readOnly.set(true, 'moving house')
    for (const method of ['PUT', 'POST', 'PATCH', 'DELETE'] as const)
      expect(refusal(readOnly, route(method, 'push'))).toContain('read-only for now: moving house;')
    expect(refusal(readOnly, route('PUT', 'administrator'))).toBeDefined()
    readOnly.set(false, 'ignored')
    expect(refusal(readOnly, route('PUT', 'push'))).toBeUndefined()
    expect(readOnly.state).toEqual({ readOnly: false })
  })

  it('goes on giving: pulls, tokens, and the way out of itself', () => {
    const readOnly = new ReadOnlySwitch(true)
    expect(refusal(readOnly, route('GET', 'pull'))).toBeUndefined()
    expect(refusal(readOnly, route('POST', 'anyone'))).toBeUndefined()
    expect(refusal(readOnly, route('PUT', 'administrator', 'setReadOnly'))).toBeUndefined()
    expect(refusal(readOnly, route('POST', 'push'))).toContain('read-only for now;')
    expect(readOnly.state).toEqual({ readOnly: true })
  })
})
