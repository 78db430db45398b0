import { beforeEach, describe, expect, it } from 'vitest'
import { SessionLimit } from './session-limit.ts'

let open: number
let looks: number
let now: number
let limit: SessionLimit

function limitOf(maxUploads: number): SessionLimit {
  const range = async ({ limit: most }: { readonly limit: number }) => {
    looks += 1
    const entry = { key: Buffer.alloc(0), value: Buffer.alloc(0), version: 1n }
    return Array.from({ length: Math.min(open, most) }, () => entry)
  }
  return new SessionLimit({ metadata: { range }, settings: { maxUploads }, now: () => now })
}

beforeEach(() => {
  ;[open, looks, now] = [0, 0, 1_000_000]
  limit = limitOf(1000)
})

async function begin(count: number, account = 'user:ann'): Promise<void> {
  for (let at = 0; at < count; at++) {
    await limit.check(account)
    open += 1
  }
}

describe('the limit of open sessions', () => {
  it('is looked at the more often the nearer it is, and never passed', async () => {
    await begin(100)
    expect(looks).toBe(1)
    await expect(begin(1000)).rejects.toMatchObject({ code: 'TOOMANYREQUESTS' })
    expect(open).toBe(1000)
    expect(looks).toBeLessThan(40)
  })

  it('is looked at again after ten seconds: other replicas open sessions, too', async () => {
    await begin(1)
    open = 1000
    now += 9_999
    await limit.check('user:ann')
    now += 1
    await expect(limit.check('user:ann')).rejects.toMatchObject({ code: 'TOOMANYREQUESTS' })
  })

  it('is looked at again when the clock was set back', async () => {
    await begin(1)
    open = 1000
    now -= 3_600_000
    await expect(limit.check('user:ann')).rejects.toMatchObject({ code: 'TOOMANYREQUESTS' })
  })

  it('is one of each account, and a refusal is not remembered', async () => {
    open = 1000
    await expect(limit.check('user:ann')).rejects.toMatchObject({ code: 'TOOMANYREQUESTS' })
    open = 0
    await limit.check('user:bob')
    await limit.check('user:ann')
    expect(looks).toBe(3)
  })

  it('leaves a part of what is free to those who were not seen', async () => {
    await begin(251)
    expect(looks).toBe(1)
    await begin(1)
    expect(looks).toBe(2)
  })
})
