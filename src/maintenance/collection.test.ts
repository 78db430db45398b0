import { beforeEach, describe, expect, it, vi } from 'vitest'
import { StoreUnavailable } from '../../storage/store-errors.ts'
import type { Digest } from '../oci/digest.ts'
import { keys } from '../records/keys.ts'
import { getBlob, unlinkBlob } from '../registry/blobs.ts'
import { image, index, name, tag } from '../registry/content-fixture.ts'
import { deleteManifest, deleteTag } from '../registry/delete-manifest.ts'
import { pushImage } from '../registry/images-fixture.ts'
import { getManifest } from '../registry/manifests.ts'
import { mountFrom } from '../registry/mount.ts'
import { listDamaged, quarantine } from '../registry/quarantine.ts'
import {
  ALICE,
  HOUR,
  openTestRegistry,
  pull,
  pullManifest,
  push,
  pushBlob,
  type TestRegistry,
} from '../registry/registry-fixture.ts'
import { blobRecord, idOf, keysUnder } from '../registry/stored-fixture.ts'
import { bytesLeft, collectAll, collectFor, collectOnce, queueLength } from './collection-fixture.ts'
import { expireUploads } from './expire-uploads.ts'
import { testJob } from './job-fixture.ts'

let registry: TestRegistry
const APP = 'team/app'
const WEB = 'team/web'
const mayPush = () => Promise.resolve(true)

beforeEach(async () => {
  registry = await openTestRegistry()
})

const del = (repository: string, digest: Digest) =>
  deleteManifest(registry.parts, name(repository), digest, ALICE)

const pushOne = (repository: string, text: string, more: Parameters<typeof pushImage>[3] = {}) =>
  pushImage(registry, repository, text, more)

describe('a blob', () => {
  it('that no manifest refers to goes after the grace, not before', async () => {
    const digest = await pushBlob(registry, APP, 'alone')
    await collectFor(registry, 24)
    expect(await pull(registry, APP, digest)).toEqual(Buffer.from('alone'))
    await collectFor(registry, 1)
    expect(await pull(registry, APP, digest)).toBeUndefined()
    await collectFor(registry, 3)
    expect(await bytesLeft(registry)).toBe(0)
    expect(await queueLength(registry)).toBe(0)
  })

  it('that a manifest refers to stays, however old', async () => {
    const made = await pushOne(APP, 'v1', { tags: ['v1'] })
    await collectAll(registry)
    expect(await pull(registry, APP, made.layer)).toBeDefined()
    expect(await bytesLeft(registry)).toBe(2)
    expect(await queueLength(registry)).toBe(0)
  })

  it.each(['HEAD', 'mount', 'push'] as const)(
    'of which a client was told by %s stays for another grace',
    async (how) => {
      const digest = await pushBlob(registry, APP, 'alone')
      await collectFor(registry, 23)
      if (how === 'HEAD') await getBlob(registry.parts, name(APP), digest, mayPush)
      if (how === 'push') await pushBlob(registry, APP, 'alone')
      if (how === 'mount')
        await mountFrom(registry.parts, { name: name(APP), digest, account: ALICE }, name(APP))
      await collectFor(registry, 24)
      expect(await pull(registry, APP, digest)).toBeDefined()
      await push(registry, APP, image(digest))
      await collectAll(registry)
      expect(await pull(registry, APP, digest)).toBeDefined()
    },
  )

  it('goes from one repository and stays in others that use it', async () => {
    const kept = await pushOne(WEB, 'v1', { tags: ['v1'] })
    await pushBlob(registry, APP, 'layer of v1')
    await collectAll(registry)
    expect(await pull(registry, APP, kept.layer)).toBeUndefined()
    expect(await pull(registry, WEB, kept.layer)).toBeDefined()
  })

  it('that one repository lets go stays where another uses it, whichever of the two it is', async () => {
    // Holders are in the order of random ids: in one direction the first of them lets go, in the other the second.
    for (const [leaves, keeps] of [
      [APP, WEB],
      [WEB, APP],
    ] as const) {
      const made = await pushOne(APP, `left by ${leaves}`, { tags: ['v1'] })
      await pushOne(WEB, `left by ${leaves}`, { tags: ['v1'] })
      await del(leaves, made.digest)
      await collectAll(registry)
      expect(await pull(registry, leaves, made.layer)).toBeUndefined()
      expect(await pull(registry, keeps, made.layer)).toBeDefined()
    }
  })

  it('in two repositories of a project goes from both in one run, and the charge with them', async () => {
    const digest = await pushBlob(registry, APP, 'twice')
    await pushBlob(registry, WEB, 'twice')
    registry.clock.now += 25 * HOUR
    await collectOnce(registry)
    expect(await keysUnder(registry, keys.charge('team', digest))).toEqual([])
    await collectFor(registry, 3)
    expect(await bytesLeft(registry)).toBe(0)
  })

  it('of another algorithm takes its alias along', async () => {
    const digest = await pushBlob(registry, APP, 'long', 'sha512')
    expect(await keysUnder(registry, keys.alias(digest))).toHaveLength(1)
    await collectAll(registry)
    expect(await keysUnder(registry, keys.alias(digest))).toEqual([])
    expect(await bytesLeft(registry)).toBe(0)
  })

  it('that a second push brought under another algorithm takes that alias along, too', async () => {
    await pushBlob(registry, APP, 'both')
    const digest = await pushBlob(registry, APP, 'both', 'sha512')
    await collectAll(registry)
    expect(await keysUnder(registry, keys.alias(digest))).toEqual([])
  })

  it('that was damaged takes the note of its damage along', async () => {
    const sha256 = await pushBlob(registry, APP, 'alone')
    const location = (await blobRecord(registry, sha256))?.location ?? ''
    await quarantine(registry.parts, { sha256, location, why: 'a test says so' })
    expect(await listDamaged(registry.parts, { after: undefined, limit: 10 })).toHaveLength(1)
    await collectAll(registry)
    expect(await listDamaged(registry.parts, { after: undefined, limit: 10 })).toEqual([])
  })

  it('deleted from a repository goes, its manifest does not', async () => {
    const made = await pushOne(APP, 'v1', { tags: ['v1'] })
    await unlinkBlob(registry.parts, name(APP), made.layer)
    await collectAll(registry)
    expect(await bytesLeft(registry)).toBe(1)
    expect(await pullManifest(registry, APP, made.digest)).toBeDefined()
  })

  it('is there for who found it before it went: its bytes go later', async () => {
    const digest = await pushBlob(registry, APP, 'read')
    const found = await getBlob(registry.parts, name(APP), digest, () => Promise.resolve(false))
    await collectFor(registry, 27)
    expect(await blobRecord(registry, digest)).toBeUndefined()
    await (await found.open()).close()
  })

  it('goes with its last link, and its bytes no sooner than if it had waited for a look of its own', async () => {
    const digest = await pushBlob(registry, APP, 'alone')
    await collectFor(registry, 25)
    expect(await blobRecord(registry, digest)).toBeUndefined()
    expect(await queueLength(registry)).toBe(0)
    await collectFor(registry, 2)
    expect(await bytesLeft(registry)).toBe(1)
    await collectFor(registry, 1)
    expect(await bytesLeft(registry)).toBe(0)
  })

  it('that came twice is there although the second bytes cannot be removed now; they go with their session', async () => {
    const { metadata, blobs, parts, contents } = registry
    await pushBlob(registry, APP, 'same')
    vi.spyOn(blobs, 'abort').mockRejectedValueOnce(new StoreUnavailable('EIO'))
    const digest = await pushBlob(registry, WEB, 'same')
    expect(String(await pull(registry, WEB, digest))).toBe('same')
    expect(contents.uploads.size).toBe(1)
    registry.clock.now += 2 * HOUR
    await testJob({ metadata, blobs, now: parts.now }).run(expireUploads)
    expect(contents.uploads.size).toBe(0)
    expect(String(await pull(registry, WEB, digest))).toBe('same')
  })

  it('pushed again after it went has bytes of its own', async () => {
    const digest = await pushBlob(registry, APP, 'again')
    await collectFor(registry, 26)
    await push(registry, APP, image(await pushBlob(registry, APP, 'again')))
    await collectAll(registry)
    expect(await pull(registry, APP, digest)).toEqual(Buffer.from('again'))
    expect(await bytesLeft(registry)).toBe(1)
  })
})

describe('a manifest', () => {
  it('without a tag stays, for nobody said otherwise', async () => {
    const made = await pushOne(APP, 'v1', { tags: ['v1'] })
    await deleteTag(registry.parts, name(APP), tag('v1'), { by: ALICE })
    await collectAll(registry)
    expect(await pullManifest(registry, APP, made.digest)).toBeDefined()
    expect(await bytesLeft(registry)).toBe(2)
  })

  it('that was deleted takes what only it used, after the grace', async () => {
    const made = await pushOne(APP, 'v1', { tags: ['v1'] })
    const other = await push(registry, APP, image(made.config))
    await collectFor(registry, 48)
    await del(APP, made.digest)
    await collectFor(registry, 24)
    expect(await bytesLeft(registry)).toBe(2)
    await collectFor(registry, 6)
    expect(await bytesLeft(registry)).toBe(1)
    expect(await pullManifest(registry, APP, other.digest)).toBeDefined()
    const id = await idOf(registry, APP)
    for (const prefix of [keys.body(id, made.digest), keys.edges(id, made.layer)])
      expect(await keysUnder(registry, prefix)).toEqual([])
  })

  it('that was deleted and pushed again loses nothing when the grave would have ended', async () => {
    const made = await pushOne(APP, 'v1', { tags: ['v1'] })
    await del(APP, made.digest)
    await collectFor(registry, 12)
    await pushOne(APP, 'v1', { tags: ['v1'] })
    await collectAll(registry)
    expect(await pull(registry, APP, made.layer)).toBeDefined()
    expect(await pullManifest(registry, APP, made.digest)).toBeDefined()
  })

  it('that was deleted goes also when the clock is set back while the collector looks', async () => {
    const { digest } = await pushOne(APP, 'one')
    await del(APP, digest)
    registry.clock.now += 25 * HOUR
    registry.hooks.afterRange = async ({ prefix }) => {
      if (Buffer.compare(prefix, keys.reviews()) !== 0) return
      registry.hooks.afterRange = undefined
      registry.clock.now -= 10 * HOUR
    }
    await collectOnce(registry)
    await collectAll(registry)
    expect(await bytesLeft(registry)).toBe(0)
  })

  it('that is large goes with its body', async () => {
    const config = await pushBlob(registry, APP, 'config')
    const large = image(config, [], { annotations: { a: 'x'.repeat(100_000) } })
    const { digest } = await push(registry, APP, large)
    await collectAll(registry)
    expect(await pullManifest(registry, APP, digest)).toEqual(large)
    await del(APP, digest)
    await collectAll(registry)
    expect(await bytesLeft(registry)).toBe(0)
  })

  it('that a client was told of by HEAD keeps what it leads to', async () => {
    const made = await pushOne(APP, 'v1')
    await collectFor(registry, 200)
    await getManifest(registry.parts, name(APP), { kind: 'digest', digest: made.digest }, mayPush)
    await collectAll(registry)
    expect(await pull(registry, APP, made.layer)).toBeDefined()
  })
})

describe('lessons of other registries: untagged is not unreferenced (distribution#3178, container-registry#149)', () => {
  it('a tagged index keeps its untagged children', async () => {
    const [one, two] = [await pushOne(APP, 'amd64'), await pushOne(APP, 'arm64')]
    await push(registry, APP, index([one.digest, two.digest]), { tags: ['v1'] })
    await collectAll(registry)
    for (const { digest, layer } of [one, two]) {
      expect(await pullManifest(registry, APP, digest)).toBeDefined()
      expect(await pull(registry, APP, layer)).toBeDefined()
    }
  })

  it('an untagged index that is deleted leaves its tagged children', async () => {
    const child = await pushOne(APP, 'amd64', { tags: ['v1-amd64'] })
    const { digest } = await push(registry, APP, index([child.digest]))
    await del(APP, digest)
    await collectAll(registry)
    expect(await pullManifest(registry, APP, child.digest)).toBeDefined()
    expect(await pull(registry, APP, child.layer)).toBeDefined()
  })

  it('an index with a missing child keeps the others, and that one once it comes', async () => {
    const here = await pushOne(APP, 'amd64')
    const other = await openTestRegistry()
    const later = await push(other, APP, image(await pushBlob(other, APP, 'late')))
    await push(registry, APP, index([here.digest, later.digest]), { tags: ['v1'] })
    await collectAll(registry)
    expect(await pull(registry, APP, here.layer)).toBeDefined()
    await push(registry, APP, image(await pushBlob(registry, APP, 'late')))
    await collectAll(registry)
    expect(await pullManifest(registry, APP, later.digest)).toBeDefined()
  })

  it('an index keeps the layers that it names itself, as the caches of BuildKit do', async () => {
    const layer = await pushBlob(registry, APP, 'layer of a cache')
    const cache = await push(registry, APP, index([layer]), { tags: ['cache'] })
    await collectAll(registry)
    expect(await pull(registry, APP, layer)).toBeDefined()
    await del(APP, cache.digest)
    await collectAll(registry)
    expect(await pull(registry, APP, layer)).toBeUndefined()
  })

  it('a nested index keeps everything below it', async () => {
    const child = await pushOne(APP, 'amd64')
    const inner = await push(registry, APP, index([child.digest]))
    await push(registry, APP, index([inner.digest]), { tags: ['v1'] })
    await collectAll(registry)
    expect(await pullManifest(registry, APP, inner.digest)).toBeDefined()
    expect(await pull(registry, APP, child.layer)).toBeDefined()
  })

  it('a chain of referrers stays with its subject, and after an explicit delete of it', async () => {
    const made = await pushOne(APP, 'v1', { tags: ['v1'] })
    const signature = await pushOne(APP, 'signature', { subject: made.digest })
    const counter = await pushOne(APP, 'counter', { subject: signature.digest })
    await collectAll(registry)
    for (const { layer } of [signature, counter]) expect(await pull(registry, APP, layer)).toBeDefined()
    await del(APP, made.digest)
    await collectAll(registry)
    expect(await pull(registry, APP, made.layer)).toBeUndefined()
    for (const { digest, layer } of [signature, counter]) {
      expect(await pullManifest(registry, APP, digest)).toBeDefined()
      expect(await pull(registry, APP, layer)).toBeDefined()
    }
  })

  it('a sparse hole that is filled later is kept', async () => {
    registry = await openTestRegistry({ allowSparse: true })
    const config = await pushBlob(registry, APP, 'config')
    const other = await openTestRegistry()
    const hole = await pushBlob(other, APP, 'hole')
    await push(registry, APP, image(config, [hole]), { tags: ['v1'] })
    await collectAll(registry)
    await pushBlob(registry, APP, 'hole')
    await collectAll(registry)
    expect(await pull(registry, APP, hole)).toBeDefined()
  })
})

describe('the collector', () => {
  it('drains a long queue in one run', async () => {
    for (let at = 0; at < 230; at++) await pushBlob(registry, at % 2 === 0 ? APP : WEB, `blob ${at % 150}`)
    registry.clock.now += 25 * HOUR
    await collectOnce(registry)
    await collectFor(registry, 3)
    expect(await bytesLeft(registry)).toBe(0)
    expect(await queueLength(registry)).toBe(0)
  })

  it('settles the others when one entry is damaged, and says which one', async () => {
    await pushBlob(registry, APP, 'good')
    const bad = await pushBlob(registry, APP, 'bad')
    await registry.metadata.commit({
      checks: [],
      sets: [{ key: keys.link(await idOf(registry, APP), bad), value: Buffer.from('damaged') }],
      deletes: [],
    })
    registry.clock.now += 25 * HOUR
    await expect(collectOnce(registry)).rejects.toThrow(`failed: link ${bad}`)
    expect(await queueLength(registry)).toBe(1)
    expect(await blobRecord(registry, bad)).toBeDefined()
  })

  it('goes on behind an entry that makes no sense', async () => {
    await pushBlob(registry, APP, 'good')
    const key = Buffer.concat([keys.reviews(), Buffer.alloc(8), Buffer.from('nothing\0')])
    await registry.metadata.commit({ checks: [], sets: [{ key, value: Buffer.from('x') }], deletes: [] })
    registry.clock.now += 25 * HOUR
    await expect(collectOnce(registry)).rejects.toThrow('entry ')
    expect(await queueLength(registry)).toBe(1)
  })
})
