import { beforeEach, describe, expect, it } from 'vitest'
import { blobLocation } from '../../storage/blobs/blob-store.ts'
import { StoreDamaged } from '../../storage/store-errors.ts'
import type { Digest } from '../oci/digest.ts'
import { aliasCodec, blobCodec, contentCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { edgeCodec, referrerCodec } from '../records/manifest.ts'
import { reviewCodec, trashCodec } from '../records/review.ts'
import { tagCodec, taggedCodec } from '../records/tag.ts'
import { uploadCodec } from '../records/upload.ts'
import { digestOf, image, name } from '../registry/content-fixture.ts'
import { quarantine } from '../registry/quarantine.ts'
import {
  ALICE,
  openTestRegistry,
  pull,
  push,
  pushBlob,
  resolve,
  type TestRegistry,
} from '../registry/registry-fixture.ts'
import { blobRecord, damage, idOf, remove } from '../registry/stored-fixture.ts'
import { Fsck, type FsckStatus } from './fsck.ts'

const APP = 'team/app'
const NOBODY = '00000000000000ff'

let registry: TestRegistry
let fsck: Fsck
let sweeps: number
let layer: Digest
let config: Digest
let manifest: Digest
let repo: string

beforeEach(async () => {
  registry = await openTestRegistry()
  sweeps = 0
  fsck = new Fsck({
    metadata: registry.metadata,
    blobs: registry.blobs,
    now: registry.parts.now,
    grace: registry.parts.settings.grace,
    quarantine: (found) => quarantine(registry.parts, found),
    keptUploads: () => Promise.resolve(new Set(['records-1'])),
    sweep: () => Promise.resolve(void (sweeps += 1)),
  })
  layer = await pushBlob(registry, APP, 'layer')
  config = await pushBlob(registry, APP, 'config')
  await pushBlob(registry, 'team/other', 'layer', 'sha512')
  manifest = (await push(registry, APP, image(config, [layer]), { tags: ['v1', 'v2'] })).digest
  await push(registry, APP, image(config, [], { subject: { mediaType: 'x/y', digest: manifest, size: 1 } }))
  await registry.uploads.start(name(APP), ALICE)
  repo = await idOf(registry, APP)
})

async function check(options: { repair?: boolean; force?: boolean } = {}): Promise<FsckStatus> {
  fsck.start({ repair: false, force: false, ...options })
  await expect.poll(() => fsck.status?.state).not.toBe('running')
  if (fsck.status === undefined) throw new Error('no check')
  return fsck.status
}

const found = ({ problems }: FsckStatus) =>
  Object.fromEntries([...problems].map(([problem, counts]) => [problem, counts.found]))

function set(key: Uint8Array, value: Uint8Array): Promise<void> {
  return registry.metadata.commit({ checks: [], sets: [{ key, value }], deletes: [] })
}

function putBytes(id: string, text: string): string {
  const location = `memory/${digestOf(text)}.${id}`
  registry.contents.blobs.set(blobLocation(location), { bytes: Buffer.from(text), modified: new Date() })
  return location
}

async function locationOf(digest: Digest): Promise<string> {
  return (await blobRecord(registry, digest))?.location ?? ''
}

describe('fsck', () => {
  it('finds nothing wrong with what the registry writes', async () => {
    const status = await check({ repair: true })
    expect(found(status)).toEqual({})
    expect(status).toMatchObject({ state: 'done', checked: { blobs: 2, locations: 2 } })
    expect(status.checked.records).toBeGreaterThan(15)
    expect(sweeps).toBe(0)
  })

  const missing = digestOf('missing')
  it.each<[string, () => Promise<void>]>([
    ['a digest leads to a blob that has no record', () => set(keys.alias(digestOf('x', 'sha512')), alias())],
    [
      'a blob does not know a repository that holds it',
      () => remove(registry, keys.holder(layer, 'team', repo, layer)),
    ],
    [
      'a blob names a repository that does not hold it',
      () => set(keys.holder(layer, 'team', NOBODY, layer), content()),
    ],
    ['a project is not charged for what it holds', () => remove(registry, keys.charge('team', config))],
    ['a project is charged for what it does not hold', () => set(keys.charge('else', layer), content())],
    ['what a manifest refers to does not know it', () => remove(registry, keys.edge(repo, layer, manifest))],
    [
      'a manifest that is not here keeps something',
      () => set(keys.edge(repo, layer, missing), edgeCodec.encode({})),
    ],
    ['a tag leads to a manifest that is not here', () => set(keys.tag(repo, 'lost'), tagTo(missing))],
    ['a manifest does not know its tag', () => remove(registry, keys.tagged(repo, manifest, 'v1'))],
    [
      'a manifest names a tag that leads elsewhere',
      () => set(keys.tagged(repo, manifest, 'v9'), taggedCodec.encode({})),
    ],
    [
      'a subject names a referrer that is not here',
      () => set(keys.referrer(repo, layer, missing), referrer()),
    ],
    ['an account counts an upload that is over', () => set(keys.uploadOf(ALICE, 'gone'), upload())],
    [
      'a blob that nothing holds is forgotten',
      () => set(keys.blob(missing), blob(putBytes('m', 'missing'), 7)),
    ],
  ])('finds and mends: %s', async (problem, harm) => {
    await harm()
    expect(found(await check())).toEqual({ [problem]: 1 })
    expect(found(await check({ repair: true }))).toEqual({ [problem]: 1 })
    expect(found(await check())).toEqual({})
    expect(await resolve(registry, APP, 'v1')).toBe(manifest)
  })

  it('finds a blob that no manifest uses and that is up for no review', async () => {
    await pushBlob(registry, APP, 'unused')
    expect(found(await check())).toEqual({})
    const reviews = await registry.metadata.range({ prefix: keys.all('review'), limit: 100 })
    await remove(registry, ...reviews.map(({ key }) => key))
    expect(found(await check({ repair: true }))).toEqual({
      'a blob that no manifest uses is forgotten': 1 + 1,
    })
    expect(found(await check())).toEqual({})
  })

  it('takes no note of a deleted manifest for a look at the blob of the same digest', async () => {
    const location = putBytes('m', 'missing')
    await set(keys.blob(missing), blob(location, 7))
    await set(
      keys.review(registry.clock.now, 'grave', repo, missing),
      reviewCodec.encode({ name: name(APP) }),
    )
    await set(
      keys.review(registry.clock.now, 'manifest', repo, missing),
      reviewCodec.encode({ name: name(APP) }),
    )
    expect(found(await check())).toEqual({ 'a blob that nothing holds is forgotten': 1 })
  })

  it('tells of what only a push can mend', async () => {
    await remove(registry, keys.body(repo, manifest))
    const status = await check({ repair: true })
    expect(status.problems.get('a manifest has no body')).toEqual({ found: 1, mended: 0 })
    expect(status.examples[0]).toContain(manifest)
  })

  it('makes the record of a blob anew from the store alone', async () => {
    await remove(registry, keys.blob(layer))
    expect(Object.keys(found(await check()))).toContain('a repository holds a blob that has no record')
    await check({ repair: true })
    expect(String(await pull(registry, APP, layer))).toBe('layer')
    expect(found(await check())).toEqual({})
  })

  it('never leads a blob to bytes that are not its own', async () => {
    await remove(registry, keys.blob(layer))
    for (const location of registry.contents.blobs.keys())
      if (location.includes(layer)) damage(registry, location, Buffer.from('wrong'))
    await check({ repair: true })
    expect(await blobRecord(registry, layer)).toBeUndefined()
  })

  it('leads a blob to its bytes where another upload left them', async () => {
    damage(registry, await locationOf(layer), undefined)
    const other = putBytes('other', 'layer')
    await check({ repair: true })
    expect(await locationOf(layer)).toBe(other)
    expect(found(await check())).toEqual({})
  })

  it('leads it there also when a pull has found them missing meanwhile', async () => {
    const location = await locationOf(layer)
    damage(registry, location, undefined)
    const found = putBytes('other', 'layer')
    registry.hooks.beforeCommit = async () => {
      await quarantine(registry.parts, { sha256: layer, location, why: 'a pull' })
    }
    await check({ repair: true })
    expect(await blobRecord(registry, layer)).toMatchObject({ location: found })
    expect(String(await pull(registry, APP, layer))).toBe('layer')
    expect(await registry.metadata.read([keys.damaged(layer)])).toEqual([undefined])
  })

  it('quarantines a blob whose bytes are nowhere', async () => {
    damage(registry, await locationOf(layer), undefined)
    expect(found(await check())).toEqual({ 'a blob’s bytes are not where they should be': 1 })
    await check({ repair: true })
    expect((await blobRecord(registry, layer))?.quarantined).toBeDefined()
    expect(found(await check())).toEqual({})
  })

  it('repairs nothing when the store as a whole seems to be gone, unless forced', async () => {
    for (let at = 0; at < 15; at++) await pushBlob(registry, APP, `blob ${at}`)
    registry.contents.blobs.clear()
    expect(await check({ repair: true })).toMatchObject({ state: 'failed' })
    expect(fsck.status?.error).toContain('Nothing was repaired')
    expect((await blobRecord(registry, layer))?.quarantined).toBeUndefined()
    expect(await check({ repair: true, force: true })).toMatchObject({ state: 'done' })
    expect((await blobRecord(registry, layer))?.quarantined).toBeDefined()
  })

  it('takes a listing that breaks for a failure, not for an empty store', async () => {
    damage(registry, await locationOf(layer), undefined)
    registry.blobs.list = async function* () {
      await Promise.resolve()
      yield* []
      throw new Error('the listing broke')
    }
    expect(await check({ repair: true })).toMatchObject({ state: 'failed', error: 'the listing broke' })
    expect((await blobRecord(registry, layer))?.quarantined).toBeUndefined()
  })

  it('finds bytes that no record mentions, and has them swept', async () => {
    putBytes('orphan', 'orphan')
    putBytes('records-1', 'kept all the same')
    const trashed = putBytes('trashed', 'trashed')
    await set(keys.trash(1, trashed), trashCodec.encode({ at: 0 }))
    expect(found(await check())).toEqual({ 'bytes that no record mentions': 1 })
    expect(sweeps).toBe(0)
    await check({ repair: true })
    expect(sweeps).toBe(1)
  })

  it('names no bytes of a push that has not ended, nor what left the store while it looked', async () => {
    const upload = 'under-way'
    putBytes(upload, 'under way')
    await set(keys.upload(upload), uploadOf(registry.parts.now() + 1))
    const gone = putBytes('gone', 'gone')
    await set(keys.trash(1, gone), trashCodec.encode({ at: 0 }))
    const list = registry.blobs.list.bind(registry.blobs)
    registry.blobs.list = async function* () {
      yield* list()
      await registry.blobs.remove(blobLocation(gone))
      await remove(registry, keys.trash(1, gone))
    }
    expect(found(await check())).toEqual({})
    await remove(registry, keys.upload(upload))
    expect(found(await check())).toEqual({ 'bytes that no record mentions': 1 })
  })

  it('mends nothing that was changed since it looked', async () => {
    await remove(registry, keys.tagged(repo, manifest, 'v1'))
    registry.hooks.beforeCommit = () => set(keys.tag(repo, 'v1'), tagTo(layer))
    const status = await check({ repair: true })
    expect(status.problems.get('a manifest does not know its tag')).toEqual({ found: 1, mended: 0 })
  })

  it('asks for many records at the same time', async () => {
    for (let at = 0; at < 50; at++) await push(registry, APP, image(config, [layer], { tag: at }))
    const snapshot = registry.metadata.snapshot.bind(registry.metadata)
    let [asking, most] = [0, 0]
    registry.metadata.snapshot = async () => {
      const taken = await snapshot()
      const read: typeof taken.read = async (wanted) => {
        most = Math.max(most, (asking += 1))
        const records = await taken.read(wanted)
        asking -= 1
        return records
      }
      return { read, range: (query) => taken.range(query), close: () => taken.close() }
    }
    expect(found(await check())).toEqual({})
    expect(most).toBeGreaterThan(40)
  })

  it('compares and mends nothing where records are damaged: what seems missing may be there', async () => {
    const why = 'the file 000005.ldb is damaged'
    Object.assign(registry.metadata, { verify: () => Promise.reject(new StoreDamaged(why)) })
    await registry.metadata.commit({ checks: [], sets: [], deletes: [keys.blob(layer)] })
    expect(await check({ repair: true })).toMatchObject({ state: 'failed', error: why, examples: [] })
    expect(await blobRecord(registry, layer)).toBeUndefined()
  })

  it('does one check at a time', async () => {
    const first = check()
    expect(() => fsck.start({ repair: false, force: false })).toThrow('under way')
    await first
    await fsck.stop()
  })
})

const content = () => contentCodec.encode({ size: 5 })
const alias = () => aliasCodec.encode({ sha256: digestOf('nothing') })
const tagTo = (digest: Digest) => tagCodec.encode({ digest, at: 1, by: ALICE })
const referrer = () => referrerCodec.encode({ mediaType: 'x/y', size: 1, digest: digestOf('missing') })
const blob = (location: string, size: number) => blobCodec.encode({ location, size, created: 1 })
const upload = () => uploadOf(1)
const uploadOf = (expires: number) =>
  uploadCodec.encode({
    name: name(APP),
    repo,
    account: ALICE,
    offset: 0,
    state: {},
    prefix: digestOf(''),
    created: 0,
    expires,
  })
