import { beforeEach, describe, expect, it } from 'vitest'
import { RegistryError } from '../oci/registry-error.ts'
import { type ReadOnlyState, ReadOnlySwitch } from './read-only.ts'
import type { Right, Route } from './route.ts'

let stored: ReadOnlyState | undefined
let reads: number
let time: number

beforeEach(() => {
  stored = undefined
  reads = 0
  time = 1000
})

/** A replica: all of them share what is stored. */
function replica(configured = false): ReadOnlySwitch {
  const setting = {
    read: () => {
      reads += 1
      return Promise.resolve(stored)
    },
    write: (state: ReadOnlyState) => {
      stored = state
      return Promise.resolve()
    },
  }
  return new ReadOnlySwitch({ configured, setting, now: () => time })
}

function route(method: Route['method'], right: Right, operationId = 'x'): Route {
  return { operationId, method, path: '/', right, handle: () => Promise.resolve({ status: 200 }) }
}

async function refusal(readOnly: ReadOnlySwitch, one: Route): Promise<string | undefined> {
  try {
    await readOnly.refuse(one)
    return undefined
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    expect(error).toMatchObject({ code: 'UNAVAILABLE', status: 503, headers: { 'retry-after': '60' } })
    return error.message
  }
}

describe('ReadOnlySwitch', () => {
  it('refuses writes while it is on, and says why', async () => {
    const readOnly = replica()
    expect(await refusal(readOnly, route('PUT', 'push'))).toBeUndefined()
    await readOnly.set(true, 'moving house')
    for (const method of ['PUT', 'POST', 'PATCH', 'DELETE'] as const)
      expect(await refusal(readOnly, route(method, 'push'))).toContain('read-only for now: moving house;')
    expect(await refusal(readOnly, route('PUT', 'administrator'))).toBeDefined()
    await readOnly.set(false, 'ignored')
    expect(await refusal(readOnly, route('PUT', 'push'))).toBeUndefined()
    expect(await readOnly.state()).toEqual({ readOnly: false })
  })

  it('goes on giving: pulls, tokens, checks, and the way out of itself', async () => {
    const readOnly = replica()
    await readOnly.set(true, undefined)
    expect(await refusal(readOnly, route('GET', 'pull'))).toBeUndefined()
    expect(await refusal(readOnly, route('POST', 'anyone'))).toBeUndefined()
    expect(await refusal(readOnly, route('PUT', 'administrator', 'setReadOnly'))).toBeUndefined()
    expect(await refusal(readOnly, route('POST', 'administrator', 'startFsck'))).toBeUndefined()
    await expect(readOnly.refuseWrites()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await refusal(readOnly, route('POST', 'push'))).toContain('read-only for now;')
    expect(await readOnly.state()).toEqual({ readOnly: true })
  })

  it('is heard of by other replicas a moment later, which read it no more often', async () => {
    const [one, other] = [replica(), replica()]
    for (let turn = 0; turn < 50; turn += 1) await refusal(other, route('PUT', 'push'))
    expect(reads).toBe(1)
    await one.set(true, 'moving')
    time += 1001
    expect(await refusal(other, route('PUT', 'push'))).toContain('moving')
  })

  it('is heard of also by one whose clock was set back', async () => {
    const [one, other] = [replica(), replica()]
    await refusal(other, route('PUT', 'push'))
    await one.set(true, 'moving')
    time -= 3_600_000
    expect(await refusal(other, route('PUT', 'push'))).toContain('moving')
  })

  it('cannot open a server that is configured to be closed', async () => {
    const readOnly = replica(true)
    expect(await readOnly.state()).toEqual({ readOnly: true })
    expect(await refusal(readOnly, route('PUT', 'push'))).toContain('read-only for now;')
    const opening = readOnly.set(false, undefined)
    await expect(opening).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(opening).rejects.toThrow('LAMINA_READ_ONLY')
  })
})
