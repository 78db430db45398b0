import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { StoreUnavailable } from '../../storage/store-errors.ts'
import { keys } from '../records/keys.ts'
import { createAuth } from './create-auth.ts'
import { cheapPasswords } from './passwords-fixture.ts'

const HERE = '192.0.2.1'
const RIGHT = 'correct horse'

let metadata: MetadataStore
let replicas: ReturnType<typeof replica>[]
let time: number
let commits: number
let takesWrites: boolean

beforeEach(async () => {
  metadata = await openMemoryMetadataStore()
  time = 1_000_000_000
  replicas = Array.from({ length: 3 }, () => replica())
  await replicas[0]?.users.create({ name: 'alice', password: RIGHT, administrator: false })
  commits = 0
  takesWrites = true
  const commit = metadata.commit.bind(metadata)
  metadata.commit = (one) => {
    commits += 1
    return takesWrites ? commit(one) : Promise.reject(new StoreUnavailable('no writes'))
  }
})

/** One of several servers of a registry; `ahead`: its clock is. */
function replica(hasReplicas = true, ahead = 0) {
  const settings = { createProjects: 'users' } as const
  const parts = { metadata, enabled: true, settings, secret: undefined, passwords: cheapPasswords() }
  return createAuth({ ...parts, hasReplicas, now: () => time + ahead })
}

/** The status with which a login ends. */
async function login(at: number, password: string, name = 'alice', address = HERE): Promise<number> {
  const basic = { username: name, password }
  return (
    (await replicas[at % replicas.length]?.logins.withPassword(basic, address).then(
      () => 200,
      (error: unknown) => (error instanceof Error && 'status' in error ? Number(error.status) : Number.NaN),
    )) ?? Number.NaN
  )
}

/** How many of so many wrong passwords are compared, in turn by each replica. */
async function compared(tries: number, every = 0): Promise<number> {
  let count = 0
  for (let at = 0; at < tries; at++) {
    if ((await login(at, `wrong ${at}`)) === 401) count += 1
    time += every
  }
  return count
}

describe('wrong passwords on several replicas', () => {
  it('are about as few as on one: three that each keeps to itself, and ten', async () => {
    expect(await compared(60)).toBeLessThanOrEqual(3 * 3 + 10)
    for (const at of [0, 1, 2]) expect(await login(at, RIGHT)).toBe(429)
  })

  it('come back one a second, whatever the number of replicas', async () => {
    await compared(60)
    time += 1000
    // Ten minutes of as many tries as the replicas take.
    expect(await compared(3600, 1000 / 6)).toBeLessThanOrEqual(600 + 3 * 3)
  })

  it('that come all at once are paid for, for a minute at most', async () => {
    const all = Array.from({ length: 60 }, (_, at) => login(at, `wrong ${at}`))
    const statuses = await Promise.all(all)
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(3 * 10)
    time += 5000
    expect(await login(0, RIGHT)).toBe(429)
    time += 61_000
    expect(await login(0, RIGHT)).toBe(200)
  })

  it('of one account or address leave others alone', async () => {
    await replicas[0]?.users.create({ name: 'bob', password: RIGHT, administrator: false })
    await compared(60)
    expect(await login(0, RIGHT, 'bob')).toBe(200)
    expect(await login(0, RIGHT, 'alice', '192.0.2.2')).toBe(200)
  })

  it('write nothing while they are few, and nothing readable', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `user-${index}`)
    for (const name of names) for (const at of [0, 1, 2]) await login(at, 'x', name)
    expect(commits).toBe(0)
    await compared(20)
    expect(commits).toBeGreaterThan(0)
    const [record] = await metadata.range({ prefix: keys.all('loginFailures'), limit: 9 })
    expect(Buffer.from(record?.key ?? []).toString('latin1')).not.toContain('alice')
  })

  it('let nobody in or out when nothing can be written: each replica counts by itself', async () => {
    takesWrites = false
    expect(await compared(60)).toBe(30)
    time += 2000
    expect(await login(0, RIGHT)).toBe(200)
  })

  it('are not believed from a clock that is far ahead', async () => {
    replicas = [replica(true, 3_600_000)]
    await compared(20)
    replicas = [replica()]
    expect(await login(0, RIGHT)).toBe(200)
  })
})

it('a server without replicas writes nothing of wrong passwords', async () => {
  replicas = [replica(false)]
  expect(await compared(20)).toBe(10)
  expect(commits).toBe(0)
})
