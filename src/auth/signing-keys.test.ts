import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { keys as recordKeys } from '../records/keys.ts'
import { createSigningKeys, KEEP_RETIRED } from './signing-keys.ts'

const SECRET = 's'.repeat(40)

let metadata: MetadataStore
let time = 1_000_000_000
const now = () => time
let unsealed: unknown[] = []
const onError = (error: unknown, what: string) => unsealed.push([error, what])
const open = (secret?: string) => createSigningKeys({ metadata, secret, now, onError })

beforeEach(async () => {
  metadata = await openMemoryMetadataStore()
  unsealed = []
})

async function stored(): Promise<string> {
  const entries = await metadata.range({ prefix: recordKeys.signingKeys(), limit: 100 })
  return entries.map((entry) => Buffer.from(entry.value).toString()).join('\n')
}

describe('signing keys', () => {
  it('make one first key, however many replicas begin at once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => open().current()))
    expect(new Set(made.map((key) => key.kid)).size).toBe(1)
    expect(await metadata.range({ prefix: recordKeys.signingKeys(), limit: 9 })).toHaveLength(1)
  })

  it('stay the same after a restart', async () => {
    const { kid } = await open().current()
    expect((await open().current()).kid).toBe(kid)
  })

  it('that were stored without a secret are sealed as soon as there is one, and stay the same', async () => {
    const { kid } = await open().current()
    const rotated = await open().rotate()
    expect(await stored()).toContain('"plain"')
    const replicas = await Promise.all([1, 2, 3].map(() => open(SECRET).current()))
    expect(replicas.map((key) => key.kid)).toEqual([rotated, rotated, rotated])
    expect(await open(SECRET).holds(kid)).toBe(true)
    expect(await stored()).not.toContain('"plain"')
    await expect(open().current()).rejects.toThrow('LAMINA_SECRET')
  })

  it('are used as they are where nothing can be written, which is told once', async () => {
    const { kid } = await open().current()
    const moved = new Error('the registry has moved')
    metadata.commit = () => Promise.reject(moved)
    const keys = open(SECRET)
    expect((await keys.current()).kid).toBe(kid)
    expect((await keys.current()).kid).toBe(kid)
    expect(unsealed).toEqual([[moved, expect.stringContaining('start again')]])
  })

  it('have one that signs after rotations that meet', async () => {
    await open().current()
    await Promise.all([open().rotate(), open().rotate(), open().rotate()])
    const entries = (await stored()).split('\n')
    expect(entries).toHaveLength(4)
    expect(entries.filter((entry) => !entry.includes('retired'))).toHaveLength(1)
  })

  it('are taken over by other replicas within seconds', async () => {
    const other = open()
    await other.current()
    const kid = await open().rotate()
    time += 5_000
    expect((await other.current()).kid).toBe(kid)
  })

  it('verify at once what another replica signed with a key that it just made', async () => {
    const other = open()
    await other.current()
    const replica = open()
    await replica.rotate()
    const { header, kid } = await replica.current()
    expect((await other.byHeader(header))?.kid).toBe(kid)
  })

  it('that one replica revokes are gone from all within seconds', async () => {
    const other = open()
    const { kid } = await other.current()
    await open().rotate({ revoke: true })
    time += 5_000
    expect(await other.holds(kid)).toBe(false)
  })

  it('that are revoked are gone after the clock was set back, too', async () => {
    const [one, other] = [open(), open()]
    const { kid } = await one.current()
    await other.current()
    time -= 3_600_000
    const next = await one.rotate({ revoke: true })
    expect([await one.holds(kid), (await one.current()).kid]).toEqual([false, next])
    time += 5_000
    expect([await other.holds(kid), (await other.current()).kid]).toEqual([false, next])
  })

  it('publish public halves alone', async () => {
    const keys = open()
    await keys.current()
    await keys.rotate()
    const published = await keys.published()
    expect(published).toHaveLength(2)
    for (const key of published) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
      expect(key).toMatchObject({ alg: 'ES256', crv: 'P-256', kty: 'EC', use: 'sig' })
    }
  })

  it('that are over are removed by the next rotation', async () => {
    const keys = open()
    await keys.current()
    await keys.rotate()
    time += KEEP_RETIRED
    await keys.rotate()
    expect((await stored()).split('\n')).toHaveLength(2)
  })
})

describe('sealing', () => {
  it('keeps private keys out of the store', async () => {
    const { kid, privateKey } = await open('a secret').current()
    const { d } = privateKey.export({ format: 'jwk' })
    expect(await stored()).not.toContain(d)
    expect((await open('a secret').current()).kid).toBe(kid)
  })

  it('says what to do when the secret is missing or another one', async () => {
    await open('a secret').current()
    await expect(open().current()).rejects.toThrow(/set LAMINA_SECRET/)
    await expect(open('another').current()).rejects.toThrow(/LAMINA_SECRET is not the one/)
  })

  it('reads keys from before a secret was set, and seals the next one', async () => {
    await open().current()
    const later = open('a secret')
    await later.rotate()
    expect((await later.published()).length).toBe(2)
    expect(await stored()).toContain('sealed')
  })
})
