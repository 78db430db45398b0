import { beforeEach, describe, expect, it } from 'vitest'
import type { Digest } from '../oci/digest.ts'
import { BODY_LIMIT } from '../records/manifest.ts'
import { unlinkBlob } from './blobs.ts'
import { index, name, tag } from './content-fixture.ts'
import { deleteManifest, deleteTag } from './delete-manifest.ts'
import { deleteRepositories, deleteRepository } from './delete-repository.ts'
import { pushImage, setPolicy } from './images-fixture.ts'
import { matchesPattern } from './patterns.ts'
import {
  ALICE,
  codeOf,
  openTestRegistry,
  pull,
  push,
  resolve,
  type TestRegistry,
} from './registry-fixture.ts'
import { rollbackTag } from './tag-history.ts'

let registry: TestRegistry
let v1: { digest: Digest; layer: Digest }
let other: { digest: Digest }
const APP = 'team/app'

beforeEach(async () => {
  registry = await openTestRegistry()
  v1 = await pushImage(registry, APP, 'v1', { tags: ['v1', 'latest'] })
  other = await pushImage(registry, APP, 'other', { tags: ['other'] })
  await setPolicy(registry, 'team', { immutableTags: ['v*'] })
})

const outcome = (work: Promise<unknown>) => work.then(() => 'done', codeOf)
const again = (tags: readonly string[], bytes = 'other') => pushImage(registry, APP, bytes, { tags })

describe('an immutable tag stays where it leads, whichever way is tried', () => {
  const ways: readonly [string, () => Promise<unknown>][] = [
    ['a push of another manifest', () => again(['v1'])],
    ['a push with several tags, as by ?tag=', () => again(['new', 'v1'])],
    ['deleting the tag', () => deleteTag(registry.parts, name(APP), tag('v1'), { by: ALICE })],
    ['deleting its manifest by digest', () => deleteManifest(registry.parts, name(APP), v1.digest, ALICE)],
    ['deleting a blob of it', () => unlinkBlob(registry.parts, name(APP), v1.layer)],
    ['deleting the repository', () => deleteRepository(registry.parts, name(APP))],
    ['deleting the project', () => deleteRepositories(registry.parts, 'team')],
  ]
  it.each(ways)('%s is DENIED', async (_, way) => {
    expect(await outcome(way())).toBe('DENIED')
    expect(await resolve(registry, APP, 'v1')).toBe(v1.digest)
    expect(await resolve(registry, APP, 'new')).toBeUndefined()
    expect(await pull(registry, APP, v1.layer)).toBeDefined()
  })

  it('says so in words that kaniko recognises', async () => {
    await expect(again(['v1'])).rejects.toThrow('cannot be overwritten because the repository is immutable')
  })

  it('the same manifest may be pushed again, to the letter', async () => {
    expect(await outcome(again(['v1'], 'v1'))).toBe('done')
  })

  it('tags that match no pattern move and go', async () => {
    expect(await outcome(again(['latest']))).toBe('done')
    expect(await outcome(deleteTag(registry.parts, name(APP), tag('other'), { by: ALICE }))).toBe('done')
  })

  it('a new tag that matches can be set once', async () => {
    expect(await outcome(again(['v2']))).toBe('done')
    expect(await outcome(again(['v2'], 'v1'))).toBe('DENIED')
  })

  it('children of what it leads to stay, too, however deep', async () => {
    const inner = await push(registry, APP, index([other.digest]))
    await push(registry, APP, index([inner.digest]), { tags: ['v3'] })
    for (const { digest } of [inner, other])
      expect(await outcome(deleteManifest(registry.parts, name(APP), digest, ALICE))).toBe('DENIED')
  })

  it('a child cannot be deleted while an index that is to be immutable comes', async () => {
    registry.hooks.beforeCommit = async () => {
      await push(registry, APP, index([other.digest]), { tags: ['v3'] })
    }
    expect(await outcome(deleteManifest(registry.parts, name(APP), other.digest, ALICE))).toBe('DENIED')
  })

  it('a rollback does not move it', async () => {
    await setPolicy(registry, 'team', {})
    await again(['v1'])
    await setPolicy(registry, 'team', { immutableTags: ['v*'] })
    const back = rollbackTag(registry.parts, { name: name(APP), tag: tag('v1'), to: undefined, by: ALICE })
    expect(await outcome(back)).toBe('DENIED')
  })
})

describe('deleting by digest where the project is as strict as gcr.io', () => {
  beforeEach(() => setPolicy(registry, 'team', { refuseDangling: true }))
  const del = (digest: Digest) => outcome(deleteManifest(registry.parts, name(APP), digest, ALICE))

  it('is refused while a tag leads to it', async () => {
    expect(await del(other.digest)).toBe('GOOGLE_MANIFEST_DANGLING_TAG')
    await deleteTag(registry.parts, name(APP), tag('other'), { by: ALICE })
    expect(await del(other.digest)).toBe('done')
  })

  it('is refused while an index leads to it', async () => {
    await deleteTag(registry.parts, name(APP), tag('other'), { by: ALICE })
    const parent = await push(registry, APP, index([other.digest]))
    expect(await del(other.digest)).toBe('GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE')
    expect(await del(parent.digest)).toBe('done')
    expect(await del(other.digest)).toBe('done')
  })

  it('is allowed of a large one, which leads to its own body', async () => {
    const { digest } = await push(registry, APP, index([], { annotations: { fill: 'x'.repeat(BODY_LIMIT) } }))
    expect(await del(digest)).toBe('done')
  })
})

describe('patterns', () => {
  it.each([
    ['v*', 'v1.2', true],
    ['v*', 'latest', false],
    ['*', '.hidden', true],
    ['release-{1,2}.*', 'release-2.0', true],
    ['v[0-9]*', 'vx', false],
    ['**', 'a/b/c', true],
    ['web/*', 'web/a/b', false],
    ['!v1', 'latest', false],
  ])('%s matches %s: %s', (pattern, text, expected) => {
    expect(matchesPattern(pattern, text)).toBe(expected)
  })
})
