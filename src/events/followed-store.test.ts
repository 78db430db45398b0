import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { digestField } from '../records/fields.ts'
import { keys } from '../records/keys.ts'
import { outboxCodec } from '../records/migration.ts'
import { FollowedStore } from './followed-store.ts'

const digest = digestField.parse(`sha256:${'a'.repeat(64)}`)
const REPO = '00000000000000aa'
const tag = keys.tag(REPO, 'v1')
const link = keys.link(REPO, digest)
const value = Buffer.from('x')
const moving = { code: 'UNAVAILABLE', headers: { 'retry-after': '60' } }

let inner: MetadataStore
let store: FollowedStore

beforeEach(async () => {
  inner = await openMemoryMetadataStore()
  store = new FollowedStore(inner, { following: false, fenced: false })
})

const set = (...changed: Uint8Array[]) =>
  store.commit({ checks: [], sets: changed.map((key) => ({ key, value })), deletes: [] })

async function outbox(): Promise<string[][]> {
  const entries = await inner.range({ prefix: keys.allOutbox(), limit: 100 })
  return entries.map((entry) => outboxCodec.decode(entry.value).keys)
}

const named = (...changed: Uint8Array[]) => changed.map((key) => Buffer.from(key).toString('base64'))

/** A store whose commits wait for `release`. */
function held(): { store: FollowedStore; release: () => void } {
  let release = (): void => undefined
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const slow: MetadataStore = {
    read: (wanted) => inner.read(wanted),
    range: (query) => inner.range(query),
    snapshot: () => inner.snapshot(),
    close: () => inner.close(),
    commit: async (commit) => {
      await gate
      await inner.commit(commit)
    },
  }
  return { store: new FollowedStore(slow, { following: false, fenced: false }), release }
}

describe('the outbox', () => {
  it('is not written while nobody follows', async () => {
    await set(tag)
    expect(await outbox()).toEqual([])
  })

  it('names what a commit set and deleted, in the same commit', async () => {
    await store.follow()
    await store.commit({ checks: [], sets: [{ key: tag, value }], deletes: [link] })
    expect(await outbox()).toEqual([named(tag, link)])
  })

  it('has nothing of a commit that failed', async () => {
    await store.follow()
    const checks = [{ kind: 'exists', key: link }] as const
    await expect(store.commit({ checks, sets: [{ key: tag, value }], deletes: [] })).rejects.toThrow()
    expect(await outbox()).toEqual([])
  })

  it('leaves out what stays behind', async () => {
    await store.follow()
    await set(keys.upload('id'), keys.trash(1, 'x'))
    expect(await outbox()).toEqual([])
    await set(keys.upload('id'), tag)
    expect(await outbox()).toEqual([named(tag)])
  })

  it('is complete once follow resolves: commits that began before have ended', async () => {
    const { store: slow, release } = held()
    const before = slow.commit({ checks: [], sets: [{ key: tag, value }], deletes: [] })
    let following = false
    const follow = (async () => {
      await slow.follow()
      following = true
    })()
    await new Promise((resolve) => setImmediate(resolve))
    expect(following).toBe(false)
    release()
    await Promise.all([before, follow])
    expect((await inner.read([tag]))[0]?.value).toEqual(new Uint8Array(value))
  })
})

describe('the pace', () => {
  it('lets changes of content wait after their commit, and nothing else', async () => {
    store.pace(3_600_000)
    const waiting = set(tag)
    await set(keys.signingKey('1'))
    // Nobody waits for its answer; the commit itself did not wait.
    void waiting
    expect((await inner.read([tag]))[0]?.value).toEqual(new Uint8Array(value))
    store.pace(0)
    await set(link)
  })
})

describe('the fence', () => {
  it('refuses changes of content until it is lifted', async () => {
    await store.fence()
    await expect(set(tag)).rejects.toMatchObject(moving)
    await expect(store.commit({ checks: [], sets: [], deletes: [tag] })).rejects.toMatchObject(moving)
    await expect(set(keys.upload('id'))).rejects.toMatchObject(moving)
    await expect(set(link)).rejects.toMatchObject(moving)
    store.lift()
    await set(tag)
  })

  it('lets a pull renew what was there before, and nothing else along with it', async () => {
    await set(link)
    const [stored] = await inner.read([link])
    await store.fence()
    const checks = [{ kind: 'version', key: link, version: stored?.version }] as const
    await store.commit({ checks, sets: [{ key: link, value }], deletes: [] })
    const [renewed] = await inner.read([link])
    const again = [{ kind: 'version', key: link, version: renewed?.version }] as const
    const more = { checks: again, sets: [link, tag].map((key) => ({ key, value })), deletes: [] }
    await expect(store.commit(more)).rejects.toMatchObject(moving)
    await expect(
      store.commit({ checks: again, sets: [{ key: link, value }], deletes: [tag] }),
    ).rejects.toMatchObject(moving)
  })

  it('resolves when no commit is under way', async () => {
    const { store: slow, release } = held()
    const before = slow.commit({ checks: [], sets: [{ key: tag, value }], deletes: [] })
    const fenced = slow.fence().then(() => inner.read([tag]))
    release()
    await before
    expect((await fenced)[0]).toBeDefined()
  })
})
