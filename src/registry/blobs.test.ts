import { beforeEach, describe, expect, it } from 'vitest'
import type { Digest } from '../oci/digest.ts'
import { linkCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { getBlob, unlinkBlob } from './blobs.ts'
import { digestOf, name } from './content-fixture.ts'
import { codeOf, HOUR, openTestRegistry, pull, pushBlob, type TestRegistry } from './registry-fixture.ts'
import { blobRecord, damage, idOf, keysUnder, locations, remove, setBlobRecord } from './stored-fixture.ts'

let registry: TestRegistry
let digest: Digest
const ONE = 'team/one'
const TWO = 'team/two'

beforeEach(async () => {
  registry = await openTestRegistry()
  digest = await pushBlob(registry, ONE, 'content')
})

const may = (answer: boolean) => () => Promise.resolve(answer)
const outcome = (action: Promise<unknown>) => action.then(() => 'ok', codeOf)

function unlink(repository: string, what = digest): Promise<void> {
  return unlinkBlob(registry.parts, name(repository), what)
}

function charged(project: string): Promise<string[]> {
  return keysUnder(registry, keys.charge(project, digest))
}

describe('getBlob', () => {
  it('finds what is linked in this repository', async () => {
    const blob = await getBlob(registry.parts, name(ONE), digest, may(false))
    expect(blob).toMatchObject({ digest, size: 7 })
    expect(String(await pull(registry, ONE, digest))).toBe('content')
  })

  it('reads a part of it', async () => {
    const blob = await getBlob(registry.parts, name(ONE), digest, may(false))
    let text = ''
    await (await blob.open({ start: 1, end: 3 })).pump(
      (bytes) => void (text += Buffer.from(bytes).toString()),
    )
    expect(text).toBe('ont')
  })

  it.each(['team/other', 'no/where', 'team'])(
    'finds nothing in %s, whether that exists or not',
    async (other) => {
      await pushBlob(registry, 'team/other', 'something else')
      expect(await outcome(getBlob(registry.parts, name(other), digest, may(true)))).toBe('BLOB_UNKNOWN')
    },
  )

  it('answers a quarantined blob, and one without a record, as absent', async () => {
    const record = await blobRecord(registry, digest)
    if (record === undefined) throw new Error('no record')
    await setBlobRecord(registry, digest, { ...record, quarantined: 1 })
    expect(await outcome(getBlob(registry.parts, name(ONE), digest, may(true)))).toBe('BLOB_UNKNOWN')
    await remove(registry, keys.blob(digest))
    expect(await outcome(getBlob(registry.parts, name(ONE), digest, may(true)))).toBe('BLOB_UNKNOWN')
  })

  it.each([
    ['missing', undefined],
    ['cut short', Buffer.from('conten')],
    ['too long', Buffer.from('content!')],
  ])('says so when bytes are %s, before any of them', async (_, bytes) => {
    for (const location of await locations(registry)) damage(registry, location, bytes)
    const blob = await getBlob(registry.parts, name(ONE), digest, may(false))
    expect(await outcome(blob.open())).toBe('BLOB_UNKNOWN')
    expect(await outcome(blob.open({ start: 0, end: 0 }))).toBe('BLOB_UNKNOWN')
  })
})

describe('"last confirmed"', () => {
  const confirmed = async () => {
    const [stored] = await registry.metadata.read([keys.link(await idOf(registry, ONE), digest)])
    return stored && linkCodec.decode(stored.value).confirmed
  }

  it('is renewed when it is older than a quarter of the grace, for who may push', async () => {
    const begun = registry.clock.now
    registry.clock.now += 6 * HOUR
    await getBlob(registry.parts, name(ONE), digest, () => Promise.reject(new Error('nobody needs to know')))
    expect(await confirmed()).toBe(begun)
    registry.clock.now += 1
    await getBlob(registry.parts, name(ONE), digest, may(false))
    expect(await confirmed()).toBe(begun)
    await getBlob(registry.parts, name(ONE), digest, may(true))
    expect(await confirmed()).toBe(registry.clock.now)
  })

  it('is never renewed for what was collected in between: the answer is that it is gone', async () => {
    registry.clock.now += 7 * HOUR
    const id = await idOf(registry, ONE)
    registry.hooks.beforeCommit = () => remove(registry, keys.link(id, digest))
    expect(await outcome(getBlob(registry.parts, name(ONE), digest, may(true)))).toBe('BLOB_UNKNOWN')
    expect(await confirmed()).toBeUndefined()
  })
})

describe('unlinkBlob', () => {
  it('removes it here, and leaves it elsewhere', async () => {
    await pushBlob(registry, TWO, 'content')
    await unlink(ONE)
    expect(await pull(registry, ONE, digest)).toBeUndefined()
    expect(String(await pull(registry, TWO, digest))).toBe('content')
    expect(await outcome(unlink(ONE))).toBe('BLOB_UNKNOWN')
    expect(await outcome(unlink('no/where'))).toBe('BLOB_UNKNOWN')
  })

  it('queues the content for review, when those who found it here are done', async () => {
    await unlink(ONE)
    const due = registry.clock.now + HOUR + 1
    expect(
      await keysUnder(registry, keys.review(due, 'blob', '0000000000000000', digest).subarray(0, 14)),
    ).toHaveLength(1)
  })

  it('takes the charge along with the last holder of the project', async () => {
    await pushBlob(registry, TWO, 'content')
    await pushBlob(registry, 'other/app', 'content')
    await unlink(ONE)
    expect(await charged('team')).toHaveLength(1)
    await unlink(TWO)
    expect([await charged('team'), (await charged('other')).length]).toEqual([[], 1])
    await unlink('other/app')
    expect(await charged('other')).toEqual([])
    expect(await keysUnder(registry, keys.holders(digest))).toEqual([])
  })

  it('counts both digests of one content', async () => {
    const long = await pushBlob(registry, ONE, 'content', 'sha512')
    await unlink(ONE, long)
    expect(await charged('team')).toHaveLength(1)
    expect(String(await pull(registry, ONE, digest))).toBe('content')
    await unlink(ONE)
    expect(await charged('team')).toEqual([])
  })

  it('of two that go at the same time the later takes the charge along', async () => {
    await pushBlob(registry, TWO, 'content')
    registry.hooks.beforeCommit = () => unlink(TWO)
    await unlink(ONE)
    expect(await keysUnder(registry, keys.holders(digest))).toEqual([])
    expect(await charged('team')).toEqual([])
  })

  it('keeps the charge for a holder that comes just before the commit', async () => {
    registry.hooks.beforeCommit = async () => {
      await pushBlob(registry, TWO, 'content')
    }
    await unlink(ONE)
    expect(await keysUnder(registry, keys.holdersInProject(digest, 'team'))).toHaveLength(1)
    expect(await charged('team')).toHaveLength(1)
  })

  it('decides again when the link was renewed just before the commit', async () => {
    registry.hooks.beforeCommit = async () => {
      await pushBlob(registry, ONE, 'content')
    }
    await unlink(ONE)
    expect(await pull(registry, ONE, digest)).toBeUndefined()
    expect(await keysUnder(registry, keys.holders(digest))).toEqual([])
  })

  it('knows the digest as pushed, not another of the same content', async () => {
    expect(await outcome(unlink(ONE, digestOf('content', 'sha512')))).toBe('BLOB_UNKNOWN')
  })
})
