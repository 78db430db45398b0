import { beforeEach, describe, expect, it } from 'vitest'
import type { Digest } from '../oci/digest.ts'
import { keys } from '../records/keys.ts'
import { tagLogCodec } from '../records/tag.ts'
import { image, name, tag } from './content-fixture.ts'
import { deleteManifest, deleteTag } from './delete-manifest.ts'
import { pushImage } from './images-fixture.ts'
import { listReferrers } from './referrers.ts'
import {
  ALICE,
  codeOf,
  HOUR,
  openTestRegistry,
  pull,
  pullManifest,
  push,
  pushBlob,
  resolve,
  type TestRegistry,
} from './registry-fixture.ts'
import { listDeleted, restoreDeleted } from './restore-manifest.ts'
import { idOf, keysUnder, remove } from './stored-fixture.ts'
import { rollbackTag, tagHistory } from './tag-history.ts'

let registry: TestRegistry
let one: { digest: Digest; layer: Digest }
const APP = 'team/app'
const BOB = 'user:bob'

beforeEach(async () => {
  registry = await openTestRegistry()
  one = await pushImage(registry, APP, 'one', { tags: ['latest'] })
})

const rollback = (to?: Digest) =>
  rollbackTag(registry.parts, { name: name(APP), tag: tag('latest'), to, by: BOB })
const del = (digest: Digest) => deleteManifest(registry.parts, name(APP), digest, ALICE)
const restore = (digest: Digest) => restoreDeleted(registry.parts, { name: name(APP), digest, account: BOB })
const history = () =>
  tagHistory(registry.parts, { name: name(APP), tag: tag('latest') }, { before: undefined, limit: 10 })

describe('tagHistory', () => {
  it('tells where a tag led, newest first, and who moved it', async () => {
    const two = await pushImage(registry, APP, 'two', { tags: ['latest'] })
    await deleteTag(registry.parts, name(APP), tag('latest'), { by: BOB })
    expect(await history()).toMatchObject([
      { sequence: 3, by: BOB },
      { sequence: 2, digest: two.digest, by: ALICE },
      { sequence: 1, digest: one.digest },
    ])
    const rest = await tagHistory(
      registry.parts,
      { name: name(APP), tag: tag('latest') },
      { before: 2, limit: 10 },
    )
    expect(rest).toHaveLength(1)
  })

  it('keeps the last thousand steps', async () => {
    const id = await idOf(registry, APP)
    const step = {
      key: keys.tagLogEntry(id, 'latest', 1000n),
      value: tagLogCodec.encode({ at: 1, by: ALICE }),
    }
    await registry.metadata.commit({ checks: [], sets: [step], deletes: [] })
    await pushImage(registry, APP, 'two', { tags: ['latest'] })
    expect((await history()).map(({ sequence }) => sequence)).toEqual([1001, 1000])
  })
})

describe('rollbackTag', () => {
  it('goes back to where the tag led before, and forth again', async () => {
    const two = await pushImage(registry, APP, 'two', { tags: ['latest'] })
    expect(await rollback()).toEqual({ digest: one.digest, restored: false })
    expect(await resolve(registry, APP, 'latest')).toBe(one.digest)
    expect(await rollback()).toMatchObject({ digest: two.digest })
  })

  it('brings a deleted tag back', async () => {
    await deleteTag(registry.parts, name(APP), tag('latest'), { by: ALICE })
    expect(await rollback()).toEqual({ digest: one.digest, restored: false })
    expect(await resolve(registry, APP, 'latest')).toBe(one.digest)
  })

  it('restores a manifest that was deleted meanwhile', async () => {
    await pushImage(registry, APP, 'two', { tags: ['latest'] })
    await del(one.digest)
    expect(await rollback()).toEqual({ digest: one.digest, restored: true })
    expect(await resolve(registry, APP, 'latest')).toBe(one.digest)
  })

  it('goes to any step of the history, and to nothing else', async () => {
    await pushImage(registry, APP, 'two', { tags: ['latest'] })
    const three = await pushImage(registry, APP, 'three', { tags: ['latest'] })
    expect(await rollback(one.digest)).toMatchObject({ digest: one.digest })
    const never = await pushImage(registry, APP, 'never')
    expect(await rollback(never.digest).then(() => 'moved', codeOf)).toBe('TAG_INVALID')
    expect(await rollback(three.digest)).toMatchObject({ digest: three.digest })
  })

  it('says that there is nothing to go back to', async () => {
    expect(await rollback().then(() => 'moved', codeOf)).toBe('TAG_INVALID')
  })

  it('does not land in a repository that took over the name', async () => {
    await pushImage(registry, APP, 'two', { tags: ['latest'] })
    registry.hooks.beforeCommit = () => remove(registry, keys.repository(name(APP)))
    expect(await rollback().then(() => 'moved', codeOf)).toBe('NAME_UNKNOWN')
  })
})

describe('restoreDeleted', () => {
  it('says of a manifest that is here that it is not deleted', async () => {
    const { digest } = await pushImage(registry, APP, 'here')
    await expect(restore(digest)).rejects.toThrow('is here and not deleted')
  })

  it('brings a manifest back with its tags, bytes and edges', async () => {
    const before = await pullManifest(registry, APP, one.digest)
    await del(one.digest)
    expect(await listDeleted(registry.parts, name(APP), { after: undefined, limit: 10 })).toMatchObject([
      { digest: one.digest, tags: ['latest'], by: ALICE, until: registry.clock.now + 24 * HOUR },
    ])
    expect(await restore(one.digest)).toEqual(['latest'])
    expect(await pullManifest(registry, APP, one.digest)).toEqual(before)
    expect(await pull(registry, APP, one.layer)).toBeDefined()
    expect(await listDeleted(registry.parts, name(APP), { after: undefined, limit: 10 })).toEqual([])
  })

  it('leaves tags that lead elsewhere by now', async () => {
    await del(one.digest)
    const two = await pushImage(registry, APP, 'two', { tags: ['latest'] })
    expect(await restore(one.digest)).toEqual([])
    expect(await resolve(registry, APP, 'latest')).toBe(two.digest)
  })

  it('brings a referrer back among the referrers', async () => {
    const signature = await pushImage(registry, APP, 'signature', { subject: one.digest })
    const referrers = async () => {
      const found: Digest[] = []
      const query = { name: name(APP), subject: one.digest, types: [], last: undefined }
      for await (const one of listReferrers(registry.parts, query)) if (one) found.push(one.digest)
      return found
    }
    await del(signature.digest)
    expect(await referrers()).toEqual([])
    await restore(signature.digest)
    expect(await referrers()).toEqual([signature.digest])
  })

  it('brings a large manifest back', async () => {
    const large = image(one.layer, [], { annotations: { a: 'x'.repeat(100_000) } })
    const { digest } = await push(registry, APP, large, { tags: ['large'] })
    await del(digest)
    await restore(digest)
    expect(await pullManifest(registry, APP, digest)).toEqual(large)
  })

  it('is refused when content was deleted by itself meanwhile', async () => {
    await del(one.digest)
    await remove(registry, keys.link(await idOf(registry, APP), one.layer))
    expect(await restore(one.digest).then(() => 'restored', codeOf)).toBe('MANIFEST_BLOB_UNKNOWN')
  })

  it('knows nothing of a manifest that is there, or never was', async () => {
    expect(await restore(one.digest).then(() => 'restored', codeOf)).toBe('MANIFEST_UNKNOWN')
  })

  it('gives way to the end of the grave that comes between', async () => {
    await del(one.digest)
    const id = await idOf(registry, APP)
    registry.hooks.beforeCommit = () => remove(registry, keys.grave(id, one.digest))
    expect(await restore(one.digest).then(() => 'restored', codeOf)).toBe('MANIFEST_UNKNOWN')
    expect(await pullManifest(registry, APP, one.digest)).toBeUndefined()
  })

  it('is not needed for a manifest that is pushed again: its grave goes', async () => {
    const blob = await pushBlob(registry, APP, 'x')
    const { digest } = await push(registry, APP, image(blob))
    await del(digest)
    await push(registry, APP, image(blob))
    expect(await keysUnder(registry, keys.graves(await idOf(registry, APP)))).toEqual([])
  })
})
