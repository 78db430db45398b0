import { describe, expect, it } from 'vitest'
import { emptyMemoryBlobs } from '../../storage/blobs/memory/memory-blob-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import { blobCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { getBlob, unlinkBlob } from '../registry/blobs.ts'
import { digestOf, image, name, tag } from '../registry/content-fixture.ts'
import { deleteManifest, deleteTag } from '../registry/delete-manifest.ts'
import { deleteRepository } from '../registry/delete-repository.ts'
import { mountFrom } from '../registry/mount.ts'
import { quarantine } from '../registry/quarantine.ts'
import {
  ALICE,
  codeOf,
  HOUR,
  openTestRegistry,
  pull,
  pullManifest,
  push,
  pushBlob,
  type TestRegistry,
} from '../registry/registry-fixture.ts'
import { blobRecord, damage, locations } from '../registry/stored-fixture.ts'
import { collectOnce } from './collection-fixture.ts'
import { Fsck } from './fsck.ts'
import { type Contents, openContents, PlainStore } from './interleaving-fixture.ts'

/**
 * One thing happens whole in each gap between two store operations of another, for all gaps and all pairs that could
 * hurt each other. Whatever the order: what a client was promised is there, and records and bytes agree.
 */
const APP = 'team/app'
const WEB = 'team/web'

/** What a client may rely on from now on. */
interface Promised {
  readonly repository: string
  readonly manifest: Digest
  readonly blobs: readonly Digest[]
}

interface Stage {
  readonly registry: TestRegistry
  readonly promised: Promised[]
  /** What clients do once both acts are over, relying on what they were told. */
  readonly after: (() => Promise<void>)[]
}

type Act = (stage: Stage) => Promise<void>

const may = () => Promise.resolve(true)
const contents = { config: 'config', layer: 'layer', deleted: 'layer of the deleted' } as const

/** What the stores hold when acts begin, and the time. */
interface Beginning extends Contents {
  readonly now: number
}

/**
 * A repository with two blobs that nothing uses and a manifest that was deleted: all due for the collector. Late, somebody
 * has removed the two from the repository, and a look at each is due.
 */
async function prepare(isLate: boolean): Promise<Beginning> {
  const [metadata, blobs] = [new PlainStore(), emptyMemoryBlobs()]
  const registry = await openTestRegistry({}, { metadata, blobs })
  await pushBlob(registry, APP, contents.config)
  await pushBlob(registry, APP, contents.layer)
  const gone = await imageIn(registry, APP, 'deleted', contents.deleted)
  await push(registry, APP, gone.bytes, { tags: ['v1'] })
  await deleteManifest(registry.parts, name(APP), gone.digest, ALICE)
  const live = await imageIn(registry, APP, 'live', 'layer of the live')
  await push(registry, APP, live.bytes, { tags: ['live'] })
  registry.clock.now += 25 * HOUR
  if (isLate) {
    for (const text of [contents.config, contents.layer])
      await unlinkBlob(registry.parts, name(APP), digestOf(text))
    registry.clock.now += 2 * HOUR
  }
  return { ...metadata.contents, blobs, now: registry.clock.now }
}

async function open(beginning: Beginning): Promise<Stage> {
  const { metadata, stored } = openContents(beginning)
  const registry = await openTestRegistry({}, { metadata, blobs: stored })
  registry.clock.now = beginning.now
  return { registry, promised: [], after: [] }
}

async function imageIn(registry: TestRegistry, repository: string, config: string, layer: string) {
  const blobs = [await pushBlob(registry, repository, config), await pushBlob(registry, repository, layer)]
  const [first, second] = blobs
  if (first === undefined || second === undefined) throw new Error('no blobs')
  const bytes = image(first, [second])
  return { bytes, blobs, digest: digestOf(bytes) }
}

/** What the client of a docker push does: only what the registry says is missing is sent. */
function pushAs(repository: string, tagName: string | undefined, layer: 'layer' | 'deleted'): Act {
  return async ({ registry, promised }) => {
    const blobs: Digest[] = []
    for (const text of [contents.config, contents[layer]]) {
      const digest = digestOf(text)
      const there = await outcome(getBlob(registry.parts, name(repository), digest, may))
      if (there === 'BLOB_UNKNOWN') await pushBlob(registry, repository, text)
      blobs.push(digest)
    }
    const [config, second] = blobs
    if (config === undefined || second === undefined) throw new Error('no blobs')
    const bytes = image(config, [second])
    // No error is expected: everything that it refers to was just said to be there.
    await push(registry, repository, bytes, { tags: tagName === undefined ? [] : [tagName] })
    promised.push({ repository, manifest: digestOf(bytes), blobs })
  }
}

const mountAndPush: Act = async (stage) => {
  const { registry } = stage
  for (const text of [contents.config, contents.layer]) {
    const request = { name: name(WEB), digest: digestOf(text), account: ALICE }
    if (!(await mountFrom(registry.parts, request, name(APP)))) await pushBlob(registry, WEB, text)
  }
  await pushAs(WEB, 'mounted', 'layer')(stage)
}

/** The manifest of blobs that were pushed long ago, without a look at them: refused, or whole. */
function pushBlindly(tagName: string): Act {
  return async ({ registry, promised }) => {
    const blobs = [digestOf(contents.config), digestOf(contents.layer)] as const
    const bytes = image(blobs[0], [blobs[1]])
    const pushed = await outcome(push(registry, APP, bytes, { tags: [tagName] }))
    if (pushed === 'ok') promised.push({ repository: APP, manifest: digestOf(bytes), blobs })
    else expect(['MANIFEST_BLOB_UNKNOWN', 'NAME_UNKNOWN']).toContain(pushed)
  }
}

/** A client asks now, and pushes the manifest of what it was told is there when everything else is over. */
const ask: Act = async (stage) => {
  const { registry, after } = stage
  const asked = [contents.config, contents.layer].map((text) =>
    outcome(getBlob(registry.parts, name(APP), digestOf(text), may)),
  )
  if ((await Promise.all(asked)).every((answer) => answer === 'ok'))
    after.push(async () => {
      await pushBlindly('asked')(stage)
      expect(stage.promised, 'what a client was told to skip is gone').not.toEqual([])
    })
}

/**
 * Deleted a second time, a manifest can be restored for as long as after the first. The other one is paused meanwhile,
 * so long that nothing but the new grave holds what the manifest leads to.
 */
const deleteAgain: Act = async (stage) => {
  const { registry, promised, after } = stage
  await restore(stage)
  const restored = promised.pop()
  if (restored === undefined) return
  registry.clock.now += 20 * HOUR
  await deleteManifest(registry.parts, name(APP), restored.manifest, ALICE)
  after.push(async () => {
    registry.clock.now += 10 * HOUR
    await collectOnce(registry)
    await restore(stage)
    expect(promised, 'what was deleted just now cannot be restored').not.toEqual([])
  })
}

/** The deleted manifest again, without a look at its blobs: refused, or whole. */
const restore: Act = async ({ registry, promised }) => {
  const blobs = [digestOf('deleted'), digestOf(contents.deleted)]
  const [config, layer] = blobs
  if (config === undefined || layer === undefined) throw new Error('no blobs')
  const bytes = image(config, [layer])
  const pushed = await outcome(push(registry, APP, bytes, { tags: ['again'] }))
  if (pushed === 'ok') promised.push({ repository: APP, manifest: digestOf(bytes), blobs })
  else expect(pushed).toBe('MANIFEST_BLOB_UNKNOWN')
}

const ACTS: Readonly<Record<string, Act>> = {
  collect: ({ registry }) => collectOnce(registry),
  push: pushAs(APP, 'v1', 'layer'),
  'push untagged': pushAs(APP, undefined, 'layer'),
  'push to the live tag': pushAs(APP, 'live', 'layer'),
  'push blindly': pushBlindly('v1'),
  'push blindly to the live tag': pushBlindly('live'),
  ask,
  mount: mountAndPush,
  restore,
  'delete again': deleteAgain,
  'upload elsewhere': async ({ registry }) => void (await pushBlob(registry, WEB, contents.layer)),
  'delete repository': async ({ registry }) =>
    expect(['ok', 'NAME_UNKNOWN']).toContain(await outcome(deleteRepository(registry.parts, name(APP)))),
  upload: async ({ registry }) => void (await pushBlob(registry, APP, contents.layer)),
  'try to upload': async ({ registry }) =>
    expect(['ok', 'BLOB_UPLOAD_UNKNOWN']).toContain(await outcome(pushBlob(registry, APP, contents.layer))),
  unlink: async ({ registry }) =>
    expect(['ok', 'BLOB_UNKNOWN']).toContain(
      await outcome(unlinkBlob(registry.parts, name(APP), digestOf(contents.layer))),
    ),
  'delete tag': async ({ registry }) =>
    expect(['ok', 'MANIFEST_UNKNOWN']).toContain(
      await outcome(deleteTag(registry.parts, name(APP), tag('live'), { by: ALICE })),
    ),
  'delete live': async ({ registry, promised }) => {
    const live = image(digestOf('live'), [digestOf('layer of the live')])
    await outcome(deleteManifest(registry.parts, name(APP), digestOf(live), ALICE))
    expect(promised.some(({ manifest }) => manifest === digestOf(live))).toBe(false)
  },
  rot: async ({ registry }) => {
    const sha256 = digestOf(contents.layer)
    const location = (await blobRecord(registry, sha256))?.location
    if (location === undefined) return
    damage(registry, location, undefined)
    await quarantine(registry.parts, { sha256, location, why: 'a test took them' })
  },
}

/** Pairs that meet in the same records; `rot` is no act of a client, so what it hurts must be pushed again. */
const PAIRS: readonly (readonly [string, string])[] = [
  ...Object.keys(ACTS)
    .filter((act) => act !== 'collect' && act !== 'rot')
    .flatMap((act) => [[act, 'collect'] as const, ['collect', act] as const]),
  ['push', 'mount'],
  ['push', 'push untagged'],
  ['push', 'push to the live tag'],
  ['push to the live tag', 'delete tag'],
  ['delete tag', 'push to the live tag'],
  ['push to the live tag', 'delete live'],
  ['delete live', 'push to the live tag'],
  ['push to the live tag', 'push blindly to the live tag'],
  ['push blindly to the live tag', 'delete live'],
  ['push blindly', 'delete repository'],
  ['try to upload', 'delete repository'],
  ['mount', 'upload elsewhere'],
  ['unlink', 'upload elsewhere'],
  ['upload elsewhere', 'unlink'],
  ['upload', 'upload'],
  ['upload', 'unlink'],
  ['unlink', 'upload'],
  ['unlink', 'unlink'],
  ['mount', 'mount'],
  ['upload', 'rot'],
  ['collect', 'collect'],
  ['collect', 'rot'],
]

/** Pairs that meet where the links were removed before. */
const LATE_PAIRS: readonly (readonly [string, string])[] = [
  ['collect', 'push'],
  ['push', 'collect'],
  ['collect', 'upload'],
  ['upload', 'collect'],
  ['upload', 'upload elsewhere'],
]

const outcome = (action: Promise<unknown>) => action.then(() => 'ok', codeOf)

/** Runs `act` before the store's operation number `gap` from now on, once; tells whether there was such an operation. */
function inGap({ metadata }: TestRegistry, gap: number, act: () => Promise<void>): () => boolean {
  let count = 0
  let done = false
  const before = async (): Promise<void> => {
    count += 1
    if (done || count <= gap) return
    done = true
    await act()
  }
  const inner: MetadataStore = { ...metadata }
  metadata.read = async (...args) => {
    await before()
    return inner.read(...args)
  }
  metadata.range = async (...args) => {
    await before()
    return inner.range(...args)
  }
  metadata.commit = async (...args) => {
    await before()
    return inner.commit(...args)
  }
  return () => done
}

async function expectSound(stage: Stage, when: string): Promise<void> {
  const { registry } = stage
  for (const { repository, manifest, blobs } of stage.promised) {
    expect(await pullManifest(registry, repository, manifest), `${when}: a manifest`).toBeDefined()
    for (const blob of blobs) expect(await pull(registry, repository, blob), `${when}: a blob`).toBeDefined()
  }
  const { metadata, blobs, parts } = registry
  const fsck = new Fsck({
    metadata,
    blobs,
    now: parts.now,
    grace: parts.settings.grace,
    quarantine: () => Promise.resolve(false),
    keptUploads: () => Promise.resolve(new Set()),
    sweep: () => Promise.resolve(),
  })
  fsck.start({ repair: false, force: false })
  await fsck.ended()
  expect(fsck.status?.error).toBeUndefined()
  expect(fsck.status?.examples, when).toEqual([])
}

/** At the end exactly what is used remains. */
async function expectNothingLeft(registry: TestRegistry): Promise<void> {
  const entries = await registry.metadata.range({ prefix: keys.blobs(), limit: 1000 })
  const named = entries.map(({ value }) => blobCodec.decode(value).location)
  expect((await locations(registry)).sort()).toEqual(named.sort())
}

async function inEveryGap(first: string, second: string, isLate: boolean): Promise<void> {
  const [outer, inner] = [ACTS[first], ACTS[second]]
  if (outer === undefined || inner === undefined) throw new Error('no such act')
  const beginning = await prepare(isLate)
  for (let gap = 0; ; gap++) {
    const stage = await open(beginning)
    const happened = inGap(stage.registry, gap, () => inner(stage))
    await outer(stage)
    if (!happened()) return
    for (const act of stage.after) await act()
    await expectSound(stage, `${second} in gap ${gap}`)
    for (const hours of [25, 25, 25, 25]) {
      stage.registry.clock.now += hours * HOUR
      await collectOnce(stage.registry)
    }
    await expectSound(stage, `${second} in gap ${gap}, four days later`)
    await expectNothingLeft(stage.registry)
  }
}

describe('whatever comes in between', () => {
  it.each(PAIRS)('%s, and %s in any gap of it', (first, second) => inEveryGap(first, second, false), 120_000)

  it.each(LATE_PAIRS)(
    '%s, and %s in any gap of it, once the links are gone',
    (first, second) => inEveryGap(first, second, true),
    120_000,
  )
})
