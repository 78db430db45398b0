import { beforeEach, describe, expect, it } from 'vitest'
import { blobLocation } from '../../storage/blobs/blob-store.ts'
import { StoreDamaged } from '../../storage/store-errors.ts'
import type { Digest } from '../oci/digest.ts'
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../oci/media-type.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { keys } from '../records/keys.ts'
import { BODY_LIMIT, bodyCodec, manifestCodec } from '../records/manifest.ts'
import { tagLogCodec } from '../records/tag.ts'
import { digestOf, image, index, name, tag } from './content-fixture.ts'
import { deleteManifest, deleteTag } from './delete-manifest.ts'
import { getManifest } from './manifests.ts'
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
import { blobRecord, idOf, keysUnder, remove, setBlobRecord } from './stored-fixture.ts'

let registry: TestRegistry
let config: Digest
let layer: Digest
const TEAM = 'team/app'

beforeEach(async () => {
  registry = await openTestRegistry()
  config = await pushBlob(registry, TEAM, 'config')
  layer = await pushBlob(registry, TEAM, 'layer')
})

/** Every error of an answer: its code and the digest that it names. */
async function problems(action: Promise<unknown>): Promise<unknown[]> {
  try {
    await action
    return []
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    return [error, ...error.also].map(({ code, detail }) => [code, detail?.['digest']])
  }
}

async function history(text: string): Promise<[number | undefined, Digest | undefined][]> {
  const prefix = keys.tagLog(await idOf(registry, TEAM), text)
  const entries = await registry.metadata.range({ prefix, limit: 100 })
  return entries.map(({ key, value }) => [key.at(-1), tagLogCodec.decode(value).digest])
}

async function referrersOf(subject: Digest, types: string[] = []) {
  const found = []
  for await (const one of listReferrers(registry.parts, {
    name: name(TEAM),
    subject,
    types,
    last: undefined,
  }))
    if (one !== undefined) found.push(one)
  return found
}

describe('a manifest', () => {
  it('comes back byte for byte, by digest and by every tag', async () => {
    const bytes = Buffer.concat([image(config, [layer]), Buffer.from('\n  ')])
    const { digest } = await push(registry, TEAM, bytes, { tags: ['v1', 'latest'] })
    expect(digest).toBe(digestOf(bytes))
    expect(await pullManifest(registry, TEAM, digest)).toEqual(bytes)
    for (const text of ['v1', 'latest']) expect(await resolve(registry, TEAM, text)).toBe(digest)
    const view = await getManifest(registry.parts, name(TEAM), { kind: 'digest', digest }, () =>
      Promise.resolve(false),
    )
    expect(view).toMatchObject({ mediaType: OCI_MANIFEST, size: bytes.length, digest })
    expect(await resolve(registry, TEAM, 'v2')).toBeUndefined()
  })

  it('is in no other repository', async () => {
    const { digest } = await push(registry, TEAM, image(config, [layer]))
    await pushBlob(registry, 'team/other', 'x')
    expect(await pullManifest(registry, 'team/other', digest)).toBeUndefined()
    await expect(pullManifest(registry, 'team/none', digest)).rejects.toMatchObject({ code: 'NAME_UNKNOWN' })
  })

  it('may be pushed under its sha512, which its tag then leads to', async () => {
    const bytes = image(config)
    const digest = digestOf(bytes, 'sha512')
    expect((await push(registry, TEAM, bytes, { digest, tags: ['v1'] })).digest).toBe(digest)
    expect(await resolve(registry, TEAM, 'v1')).toBe(digest)
    expect(await pullManifest(registry, TEAM, digest)).toEqual(bytes)
    expect(await pullManifest(registry, TEAM, digestOf(bytes))).toBeUndefined()
  })

  it.each(['sha256', 'sha512'] as const)('is refused when it has another %s', async (algorithm) => {
    const wrong = digestOf('x', algorithm)
    const refused = push(registry, TEAM, image(config), { digest: wrong, tags: ['v1'] })
    await expect(refused).rejects.toMatchObject({
      code: 'DIGEST_INVALID',
      detail: { digest: wrong, received: digestOf(image(config), algorithm) },
    })
    expect(await resolve(registry, TEAM, 'v1')).toBeUndefined()
    expect(await pullManifest(registry, TEAM, wrong)).toBeUndefined()
  })

  it('is refused with the sentence of the parser', async () => {
    await expect(push(registry, TEAM, Buffer.from('{}'))).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
      message: 'schemaVersion must be 2',
    })
  })

  it.each(['before', 'while'])(
    'never changes its type, when it came as another one %s it is pushed',
    async (when) => {
      const bytes = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          config: { mediaType: 'a/b', digest: config, size: 1 },
          layers: [],
        }),
      )
      const digest = digestOf(bytes)
      const key = keys.manifest(await idOf(registry, TEAM), digest)
      const now = registry.clock.now
      const record = {
        mediaType: DOCKER_MANIFEST,
        size: 1,
        children: [],
        created: now,
        by: ALICE,
        confirmed: now,
      }
      const come = () =>
        registry.metadata.commit({
          checks: [],
          sets: [{ key, value: manifestCodec.encode(record) }],
          deletes: [],
        })
      if (when === 'before') await come()
      else registry.hooks.beforeCommit = come
      await expect(push(registry, TEAM, bytes, { contentType: OCI_MANIFEST })).rejects.toMatchObject({
        code: 'MANIFEST_INVALID',
      })
    },
  )

  it('pushed again at once leaves its record as it is: many may tag it at the same time', async () => {
    const bytes = image(config, [layer])
    const { digest } = await push(registry, TEAM, bytes, { tags: ['v1'] })
    const key = keys.manifest(await idOf(registry, TEAM), digest)
    const [before] = await registry.metadata.read([key])
    registry.clock.now += HOUR
    await push(registry, TEAM, bytes, { tags: ['v2'] })
    expect(await registry.metadata.read([key])).toEqual([before])
  })

  it('pushed again later is the same: who and when stay, "last confirmed" is now, no history', async () => {
    const bytes = image(config, [layer])
    const { digest } = await push(registry, TEAM, bytes, { tags: ['v1'] })
    const begun = registry.clock.now
    // More than a quarter of the grace.
    registry.clock.now += 7 * HOUR
    await push(registry, TEAM, bytes, { tags: ['v1'], account: 'user:bob' })
    const [stored] = await registry.metadata.read([keys.manifest(await idOf(registry, TEAM), digest)])
    expect(stored && manifestCodec.decode(stored.value)).toMatchObject({
      created: begun,
      by: ALICE,
      confirmed: registry.clock.now,
    })
    expect(await history('v1')).toEqual([[1, digest]])
  })

  it('whose stored bytes are damaged is never handed out', async () => {
    const { digest } = await push(registry, TEAM, image(config))
    const key = keys.body(await idOf(registry, TEAM), digest)
    const value = bodyCodec.encode({ kind: 'inline', bytes: Buffer.from('{}') })
    await registry.metadata.commit({ checks: [], sets: [{ key, value }], deletes: [] })
    await expect(pullManifest(registry, TEAM, digest)).rejects.toBeInstanceOf(StoreDamaged)
  })
})

describe('what a manifest refers to', () => {
  const none = (text: string) => digestOf(text)

  it('must be here: one error for each blob that is not', async () => {
    const refused = push(registry, TEAM, image(none('c'), [none('1'), layer, none('2'), none('1')]), {
      tags: ['v1'],
    })
    expect(await problems(refused)).toEqual(
      ['c', '1', '2'].map((text) => ['MANIFEST_BLOB_UNKNOWN', none(text)]),
    )
    expect(await resolve(registry, TEAM, 'v1')).toBeUndefined()
  })

  it('must be in this repository, not just anywhere', async () => {
    const elsewhere = await pushBlob(registry, 'team/other', 'elsewhere')
    expect(await problems(push(registry, TEAM, image(config, [elsewhere])))).toEqual([
      ['MANIFEST_BLOB_UNKNOWN', elsewhere],
    ])
  })

  it('must be usable: a quarantined blob counts as missing', async () => {
    const record = await blobRecord(registry, layer)
    if (record === undefined) throw new Error('no record')
    await setBlobRecord(registry, layer, { ...record, quarantined: 1 })
    expect(await problems(push(registry, TEAM, image(config, [layer])))).toEqual([
      ['MANIFEST_BLOB_UNKNOWN', layer],
    ])
    await remove(registry, keys.blob(layer))
    expect(await problems(push(registry, TEAM, image(config, [layer])))).toEqual([
      ['MANIFEST_BLOB_UNKNOWN', layer],
    ])
  })

  it('need not be here when it is served from elsewhere, or its digest is of another algorithm', async () => {
    const layers = [
      { mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', digest: none('1'), size: 1 },
      { mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar', digest: none('2'), size: 1 },
      { mediaType: 'a/b', digest: none('3'), size: 1, urls: ['https://example.com'] },
      { mediaType: 'a/b', digest: `blake3:${'a'.repeat(64)}`, size: 1 },
    ]
    expect(await problems(push(registry, TEAM, image(config, [], { layers })))).toEqual([])
  })

  it('need not be here in a sparse registry', async () => {
    registry = await openTestRegistry({ allowSparse: true })
    expect(await problems(push(registry, TEAM, image(none('c'), [none('1')])))).toEqual([])
  })

  it('may be missing in an index, and may be manifests or blobs', async () => {
    const child = (await push(registry, TEAM, image(config))).digest
    expect(await problems(push(registry, TEAM, index([child, layer, none('missing')])))).toEqual([])
    expect(await problems(push(registry, TEAM, index([])))).toEqual([])
  })

  it('cannot be a manifest where a blob is meant', async () => {
    const child = (await push(registry, TEAM, image(config))).digest
    expect(await problems(push(registry, TEAM, image(config, [child])))).toEqual([
      ['MANIFEST_BLOB_UNKNOWN', child],
    ])
  })

  it.each([
    ['layer', () => layer],
    ['config', () => config],
  ])('is still there at the commit: a %s that goes in between is missed', async (_, which) => {
    const id = await idOf(registry, TEAM)
    registry.hooks.beforeCommit = () => remove(registry, keys.link(id, which()))
    expect(await problems(push(registry, TEAM, image(config, [layer]), { tags: ['v1'] }))).toEqual([
      ['MANIFEST_BLOB_UNKNOWN', which()],
    ])
    expect(await resolve(registry, TEAM, 'v1')).toBeUndefined()
  })

  it('is still there at the commit: children of an index too', async () => {
    const child = (await push(registry, TEAM, image(config))).digest
    const id = await idOf(registry, TEAM)
    let commits = 0
    const again = async (): Promise<void> => {
      commits += 1
      if (commits === 1) await remove(registry, keys.manifest(id, child))
      registry.hooks.beforeCommit = again
    }
    registry.hooks.beforeCommit = again
    // A sparse index is fine, but the decision was made on a child that is gone: it is made again.
    await push(registry, TEAM, index([child]))
    registry.hooks.beforeCommit = undefined
    expect(commits).toBe(2)
  })

  it('has an edge to the manifest, which stays when that is deleted: it can be restored', async () => {
    const { digest } = await push(registry, TEAM, image(config, [layer]))
    const id = await idOf(registry, TEAM)
    const edges = async () =>
      (await keysUnder(registry, keys.edges(id, layer))).concat(
        await keysUnder(registry, keys.edges(id, config)),
      )
    expect(await edges()).toHaveLength(2)
    await deleteManifest(registry.parts, name(TEAM), digest, ALICE)
    expect(await edges()).toHaveLength(2)
    const due = registry.clock.now + 24 * HOUR + 1
    expect(await keysUnder(registry, keys.review(due, 'grave', id, digest))).toHaveLength(1)
  })
})

describe('a large manifest', () => {
  const large = (extra = BODY_LIMIT) => image(config, [layer], { annotations: { a: 'x'.repeat(extra) } })

  it.each([BODY_LIMIT, 300 * 1024])(
    'of %i bytes and more lives in the blob store and comes back',
    async (size) => {
      const bytes = large(size)
      const { digest } = await push(registry, TEAM, bytes, { tags: ['v1'] })
      expect(await pullManifest(registry, TEAM, digest)).toEqual(bytes)
      expect(await resolve(registry, TEAM, 'v1')).toBe(digest)
      expect(await pull(registry, TEAM, digest)).toEqual(bytes)
      // Its body is used by it, so that no collector takes it.
      expect(await keysUnder(registry, keys.edges(await idOf(registry, TEAM), digest))).toHaveLength(1)
      expect(registry.contents.uploads.size).toBe(0)
    },
  )

  it('is judged like a small one: by the parser, and by what it refers to', async () => {
    await expect(push(registry, TEAM, Buffer.from(`{"x":"${'y'.repeat(300_000)}"}`))).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
    })
    const missing = image(config, [digestOf('none')], { annotations: { a: 'x'.repeat(BODY_LIMIT) } })
    expect(await problems(push(registry, TEAM, missing))).toEqual([
      ['MANIFEST_BLOB_UNKNOWN', digestOf('none')],
    ])
    expect(await pullManifest(registry, TEAM, digestOf(missing))).toBeUndefined()
  })

  it('keeps annotations for the list of referrers', async () => {
    const subject = { mediaType: OCI_MANIFEST, digest: digestOf('s'), size: 1 }
    const bytes = image(config, [], { subject, annotations: { a: 'x'.repeat(300_000) } })
    await push(registry, TEAM, bytes)
    expect((await referrersOf(digestOf('s')))[0]?.annotations?.['a']).toHaveLength(300_000)
  })

  it('whose body is damaged is never handed out', async () => {
    const { digest } = await push(registry, TEAM, large())
    const location = blobLocation((await blobRecord(registry, digest))?.location ?? '')
    const bytes = Buffer.from(registry.contents.blobs.get(location)?.bytes ?? '')
    bytes[10] = 0
    registry.contents.blobs.set(location, { bytes, modified: new Date() })
    await expect(pullManifest(registry, TEAM, digest)).rejects.toBeInstanceOf(StoreDamaged)
  })

  it('is not pushed on a full disk', async () => {
    registry.disk.free = 1
    await expect(push(registry, TEAM, large())).rejects.toMatchObject({ code: 'STORAGE_FULL' })
  })
})

describe('tags', () => {
  let one: Digest
  let two: Digest

  beforeEach(async () => {
    one = (await push(registry, TEAM, image(config), { tags: ['v1'] })).digest
    two = (await push(registry, TEAM, image(config, [layer]))).digest
  })

  it('move, and remember where they were', async () => {
    await push(registry, TEAM, image(config, [layer]), { tags: ['v1'] })
    expect(await resolve(registry, TEAM, 'v1')).toBe(two)
    await push(registry, TEAM, image(config), { tags: ['v1'] })
    await deleteTag(registry.parts, name(TEAM), tag('v1'), { by: ALICE })
    await push(registry, TEAM, image(config), { tags: ['v1'] })
    expect(await history('v1')).toEqual([
      [1, one],
      [2, two],
      [3, one],
      [4, undefined],
      [5, one],
    ])
  })

  it('belong to one manifest at a time', async () => {
    const id = await idOf(registry, TEAM)
    await push(registry, TEAM, image(config, [layer]), { tags: ['v1'] })
    expect(await keysUnder(registry, keys.tagsOf(id, one))).toEqual([])
    expect(await keysUnder(registry, keys.tagsOf(id, two))).toHaveLength(1)
    await deleteTag(registry.parts, name(TEAM), tag('v1'), { by: ALICE })
    expect(await keysUnder(registry, keys.tagsOf(id, two))).toEqual([])
    expect(await pullManifest(registry, TEAM, two)).toBeDefined()
  })

  it('that two move at once are moved by both, in some order', async () => {
    registry.hooks.beforeCommit = async () => {
      await push(registry, TEAM, image(config, [layer]), { tags: ['v1'] })
    }
    await push(registry, TEAM, image(config, [], { annotations: { a: 'b' } }), { tags: ['v1'] })
    const third = await resolve(registry, TEAM, 'v1')
    expect(await history('v1')).toEqual([
      [1, one],
      [2, two],
      [3, third],
    ])
    const id = await idOf(registry, TEAM)
    expect(await keysUnder(registry, keys.tagsOf(id, two))).toEqual([])
    await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        push(registry, TEAM, image(config, [], { annotations: { at: String(at) } }), { tags: ['v1'] }),
      ),
    )
    expect((await history('v1')).map(([sequence]) => sequence)).toEqual(
      Array.from({ length: 11 }, (_, at) => at + 1),
    )
  })

  it('never lead to a manifest that was deleted in between', async () => {
    registry.hooks.beforeCommit = () => deleteManifest(registry.parts, name(TEAM), one, ALICE)
    await push(registry, TEAM, image(config), { tags: ['v2'] })
    expect(await resolve(registry, TEAM, 'v2')).toBe(one)
    expect(await pullManifest(registry, TEAM, one)).toBeDefined()
  })

  it('a repository deleted in between takes nothing of the push into its next life unseen', async () => {
    registry.hooks.beforeCommit = () => remove(registry, keys.repository(name(TEAM)))
    // The blobs were in the old repository.
    expect(await problems(push(registry, TEAM, image(config), { tags: ['v3'] }))).toEqual([
      ['MANIFEST_BLOB_UNKNOWN', config],
    ])
  })
})

describe('referrers', () => {
  const subject = (digest: string) => ({ mediaType: OCI_MANIFEST, digest, size: 1 })

  it('are listed as descriptors, and gone when they are deleted', async () => {
    const target = digestOf('target')
    const bytes = image(config, [], {
      subject: subject(target),
      artifactType: 'a/b',
      annotations: { k: 'v' },
    })
    const pushed = await push(registry, TEAM, bytes)
    expect(pushed.subject).toBe(target)
    expect(await referrersOf(target)).toEqual([
      {
        mediaType: OCI_MANIFEST,
        size: bytes.length,
        digest: pushed.digest,
        artifactType: 'a/b',
        annotations: { k: 'v' },
      },
    ])
    await deleteManifest(registry.parts, name(TEAM), pushed.digest, ALICE)
    expect(await referrersOf(target)).toEqual([])
  })

  it('outlive their subject', async () => {
    const target = (await push(registry, TEAM, image(config))).digest
    await push(registry, TEAM, image(config, [], { subject: subject(target) }))
    await deleteManifest(registry.parts, name(TEAM), target, ALICE)
    expect(await referrersOf(target)).toHaveLength(1)
  })

  it('take their type from the config of an image; an index without one has none', async () => {
    const target = digestOf('target')
    await push(registry, TEAM, image(config, [], { subject: subject(target) }))
    await push(registry, TEAM, index([], { subject: subject(target) }))
    await push(registry, TEAM, index([], { subject: subject(target), artifactType: 'x/y' }))
    const found = await referrersOf(target)
    expect(found.map(({ mediaType, artifactType }) => `${mediaType} ${artifactType}`).sort()).toEqual([
      `${OCI_INDEX} undefined`,
      `${OCI_INDEX} x/y`,
      `${OCI_MANIFEST} application/vnd.oci.image.config.v1+json`,
    ])
    expect(await referrersOf(target, ['x/y'])).toHaveLength(1)
    expect(await referrersOf(target, ['x/y', 'application/vnd.oci.image.config.v1+json'])).toHaveLength(2)
    expect(await referrersOf(target, ['none'])).toEqual([])
  })

  it('go on behind the last one, page after page', async () => {
    const target = digestOf('target')
    for (let at = 0; at < 210; at++)
      await push(registry, TEAM, index([], { subject: subject(target), annotations: { at: String(at) } }))
    const all = (await referrersOf(target)).map(({ digest }) => digest)
    expect(all).toHaveLength(210)
    expect(all).toEqual([...all].sort())
    const rest = []
    for await (const one of listReferrers(registry.parts, {
      name: name(TEAM),
      subject: target,
      types: [],
      last: all[99],
    }))
      if (one !== undefined) rest.push(one.digest)
    expect(rest).toEqual(all.slice(100))
  })

  it('of what nobody knows are none, without a failure', async () => {
    expect(await referrersOf(digestOf('nothing'))).toEqual([])
    const query = { name: name('no/where'), subject: config, types: [], last: undefined }
    expect((await listReferrers(registry.parts, query).next()).done).toBe(true)
  })

  it('tells no subject of an algorithm that we do not compute, so that the client keeps its fallback tag', async () => {
    const text = `blake3:${'a'.repeat(64)}`
    expect(
      (await push(registry, TEAM, image(config, [], { subject: subject(text) }))).subject,
    ).toBeUndefined()
  })
})

describe('a HEAD or GET', () => {
  const confirmed = async (digest: Digest) => {
    const [stored] = await registry.metadata.read([keys.manifest(await idOf(registry, TEAM), digest)])
    return stored && manifestCodec.decode(stored.value).confirmed
  }

  it('by who may push renews "last confirmed", once it is older than a quarter of the grace', async () => {
    const { digest } = await push(registry, TEAM, image(config))
    const reference = { kind: 'digest', digest } as const
    const begun = registry.clock.now
    let asked = 0
    const may = (answer: boolean) => () => {
      asked += 1
      return Promise.resolve(answer)
    }
    registry.clock.now += 6 * HOUR
    await getManifest(registry.parts, name(TEAM), reference, may(true))
    expect([await confirmed(digest), asked]).toEqual([begun, 0])
    registry.clock.now += 1
    await getManifest(registry.parts, name(TEAM), reference, may(false))
    expect([await confirmed(digest), asked]).toEqual([begun, 1])
    await getManifest(registry.parts, name(TEAM), reference, may(true))
    expect(await confirmed(digest)).toBe(registry.clock.now)
  })

  it('does not bring back what was collected in between', async () => {
    const { digest } = await push(registry, TEAM, image(config))
    registry.clock.now += 7 * HOUR
    registry.hooks.beforeCommit = () => deleteManifest(registry.parts, name(TEAM), digest, ALICE)
    const head = getManifest(registry.parts, name(TEAM), { kind: 'digest', digest }, () =>
      Promise.resolve(true),
    )
    expect(await head.then(() => 'found', codeOf)).toBe('MANIFEST_UNKNOWN')
    expect(await pullManifest(registry, TEAM, digest)).toBeUndefined()
  })
})
