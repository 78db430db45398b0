import { beforeEach, describe, expect, it } from 'vitest'
import type { Digest } from '../oci/digest.ts'
import { chunk, digestOf, index, name } from '../registry/content-fixture.ts'
import { deleteManifest } from '../registry/delete-manifest.ts'
import { pushImage, setPolicy } from '../registry/images-fixture.ts'
import { keepManifest } from '../registry/keep-manifest.ts'
import {
  ALICE,
  HOUR,
  openTestRegistry,
  push,
  pushBlob,
  type TestRegistry,
} from '../registry/registry-fixture.ts'
import { collectFor } from './collection-fixture.ts'
import { explain } from './explain.ts'

const APP = 'team/app'
let registry: TestRegistry

beforeEach(async () => {
  registry = await openTestRegistry()
})

const ask = (digest: Digest) => explain(registry.parts, digest)
const hereOf = async (digest: Digest) => (await ask(digest))?.manifests[0]?.here

describe('what keeps a manifest', () => {
  it('are its tags, with the pattern that makes one immutable', async () => {
    const { digest } = await pushImage(registry, APP, 'one', { tags: ['v1', 'latest'] })
    await setPolicy(registry, 'team', { immutableTags: ['v*'] })
    expect(await hereOf(digest)).toMatchObject({
      tags: [
        { tag: 'latest', immutable: undefined },
        { tag: 'v1', immutable: 'v*' },
      ],
      verdict: { action: 'kept', reason: 'a tag leads to it' },
    })
  })

  it('is an index that it is part of, in each repository that has both', async () => {
    const { digest } = await pushImage(registry, APP, 'child')
    await pushImage(registry, 'zoo/app', 'child')
    const parent = await push(registry, APP, index([digest]), { tags: ['all'] })
    expect(await hereOf(digest)).toMatchObject({
      parents: [{ manifest: parent.digest, tags: ['all'] }],
      verdict: { action: 'kept', reason: 'an index leads to it' },
    })
    expect((await ask(digest))?.manifests.map(({ repository }) => repository)).toEqual([APP, 'zoo/app'])
  })

  it('is a mark, that no rule takes it, or a rule that spares what was pulled lately', async () => {
    const { digest } = await pushImage(registry, APP, 'lone')
    expect(await hereOf(digest)).toMatchObject({ verdict: { reason: 'no rule of the project takes it' } })
    await setPolicy(registry, 'team', { retention: [{ name: 'old', keepYoungerDays: 7 }] })
    expect(await hereOf(digest)).toMatchObject({
      verdict: { action: 'later', reason: 'younger than 7 days' },
    })
    await keepManifest(registry.parts, { name: name(APP), digest, by: ALICE }, true)
    expect(await hereOf(digest)).toMatchObject({
      keptBy: ALICE,
      verdict: { action: 'kept', reason: 'it is marked to be kept' },
    })
  })

  it('may be a referrer of what is not here', async () => {
    const subject = digestOf('never came')
    const { digest } = await pushImage(registry, APP, 'signature', { subject })
    expect(await hereOf(digest)).toMatchObject({ subject, subjectIsHere: false })
  })
})

describe('what became of a manifest', () => {
  it('is told with who deleted it, while it can be restored and after', async () => {
    const { digest, layer } = await pushImage(registry, APP, 'gone', { tags: ['v1'] })
    await deleteManifest(registry.parts, name(APP), digest, ALICE)
    const deleted = { at: registry.clock.now, by: ALICE, tags: ['v1'], restorable: true }
    expect((await ask(digest))?.manifests).toMatchObject([{ repository: APP, deleted }])
    expect((await ask(layer))?.holders[0]?.uses).toMatchObject([
      { manifest: digest, tags: [], deletedUntil: registry.clock.now + 24 * HOUR },
    ])
    await collectFor(registry, 30)
    expect((await ask(digest))?.manifests).toMatchObject([{ deleted: { by: ALICE, restorable: false } }])
  })
})

describe('what keeps a blob', () => {
  it('without a manifest is that a client was told of it, then the collector has not come by', async () => {
    const digest = await pushBlob(registry, APP, 'alone')
    const told = registry.clock.now
    expect(await ask(digest)).toMatchObject({
      size: 5,
      holders: [{ repository: APP, uses: [], sparedUntil: told + 24 * HOUR }],
      waiting: [{ entry: { kind: 'link', due: told + 24 * HOUR + 1 }, verdict: { action: 'removed' } }],
    })
  })

  it('named by another algorithm is what keeps its content', async () => {
    const digest = await pushBlob(registry, APP, 'alone', 'sha512')
    expect(await ask(digest)).toMatchObject({ size: 5, holders: [{ digest }] })
  })

  it('that comes just now is its upload', async () => {
    const id = await registry.uploads.start(name(APP), ALICE)
    const at = { id, name: name(APP), account: ALICE }
    await registry.uploads.append(at, chunk('coming'))
    expect(await ask(digestOf('coming'))).toMatchObject({
      uploads: [{ repository: APP, account: ALICE, finished: false }],
    })
  })

  it('that was collected is known as long as its bytes lie in the trash', async () => {
    const digest = await pushBlob(registry, APP, 'alone')
    await collectFor(registry, 27)
    expect(await ask(digest)).toMatchObject({ holders: [], trash: [{ repository: APP }] })
    await collectFor(registry, 2)
    expect(await ask(digest)).toBeUndefined()
  })

  it('is nothing for a digest that never came', async () => {
    expect(await ask(digestOf('never'))).toBeUndefined()
  })
})
