import { beforeEach, describe, expect, it } from 'vitest'
import type { Digest } from '../oci/digest.ts'
import { keys } from '../records/keys.ts'
import { digestOf, image, name, tag } from './content-fixture.ts'
import { deleteManifest, deleteTag } from './delete-manifest.ts'
import {
  ALICE,
  codeOf,
  openTestRegistry,
  pullManifest,
  push,
  pushBlob,
  resolve,
  type TestRegistry,
} from './registry-fixture.ts'
import { idOf, keysUnder } from './stored-fixture.ts'
import { listTags } from './tags.ts'

let registry: TestRegistry
let config: Digest
const TEAM = 'team/app'

beforeEach(async () => {
  registry = await openTestRegistry()
  config = await pushBlob(registry, TEAM, 'config')
})

async function tags(): Promise<string[]> {
  const found: string[] = []
  for await (const one of await listTags(registry.parts, name(TEAM))) found.push(one)
  return found
}

function del(digest: Digest): Promise<void> {
  return deleteManifest(registry.parts, name(TEAM), digest, ALICE)
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `t${String(at).padStart(4, '0')}`)
}

describe('deleteManifest', () => {
  it('takes its tags along, and no other', async () => {
    const { digest } = await push(registry, TEAM, image(config), { tags: ['a', 'b'] })
    await push(registry, TEAM, image(config, [config]), { tags: ['c'] })
    await del(digest)
    expect(await pullManifest(registry, TEAM, digest)).toBeUndefined()
    expect(await tags()).toEqual(['c'])
    const id = await idOf(registry, TEAM)
    expect(await keysUnder(registry, keys.manifest(id, digest))).toEqual([])
    expect(await keysUnder(registry, keys.tagsOf(id, digest))).toEqual([])
  })

  it.each([199, 200, 201, 450])('takes %i tags along', async (count) => {
    const { digest } = await push(registry, TEAM, image(config), { tags: numbered(count) })
    await push(registry, TEAM, image(config, [config]), { tags: ['stays'] })
    await del(digest)
    expect(await tags()).toEqual(['stays'])
    expect(await pullManifest(registry, TEAM, digest)).toBeUndefined()
    expect(await keysUnder(registry, keys.tagLog(await idOf(registry, TEAM), 't0000'))).toHaveLength(2)
  })

  it('is unknown when it is not there, or the repository is not', async () => {
    expect(await del(digestOf('x')).then(() => 'deleted', codeOf)).toBe('MANIFEST_UNKNOWN')
    expect(
      await deleteManifest(registry.parts, name('no/where'), config, ALICE).then(() => 'deleted', codeOf),
    ).toBe('NAME_UNKNOWN')
  })

  it('does not touch the same manifest in another repository', async () => {
    await pushBlob(registry, 'team/two', 'config')
    const { digest } = await push(registry, TEAM, image(config), { tags: ['a'] })
    await push(registry, 'team/two', image(config), { tags: ['a'] })
    await del(digest)
    expect(await resolve(registry, 'team/two', 'a')).toBe(digest)
  })

  it('leaves no tag that leads nowhere, when one comes just before the commit', async () => {
    const { digest } = await push(registry, TEAM, image(config), { tags: ['a'] })
    registry.hooks.beforeCommit = async () => {
      await push(registry, TEAM, image(config), { tags: ['late'] })
    }
    await del(digest)
    expect(await tags()).toEqual([])
    expect(await keysUnder(registry, keys.tagsOf(await idOf(registry, TEAM), digest))).toEqual([])
  })

  it.each([2, 201, 402])(
    'leaves a tag that has moved away meanwhile where it is now (of %i)',
    async (count) => {
      const { digest } = await push(registry, TEAM, image(config), { tags: numbered(count) })
      // It moves after the tags were listed, and before each of them is looked at.
      registry.hooks.afterRange = async () => {
        registry.hooks.afterRange = undefined
        await push(registry, TEAM, image(config, [config]), { tags: ['t0001'] })
      }
      await del(digest)
      expect(await tags()).toEqual(['t0001'])
      expect(await resolve(registry, TEAM, 't0001')).toBe(digestOf(image(config, [config])))
    },
  )
})

describe('deleteTag', () => {
  it('deletes the tag and nothing else', async () => {
    const { digest } = await push(registry, TEAM, image(config), { tags: ['a', 'b'] })
    await deleteTag(registry.parts, name(TEAM), tag('a'), { by: ALICE })
    expect(await tags()).toEqual(['b'])
    expect(await pullManifest(registry, TEAM, digest)).toBeDefined()
  })

  it('is unknown when it is not there, or the repository is not', async () => {
    expect(
      await deleteTag(registry.parts, name(TEAM), tag('x'), { by: ALICE }).then(() => 'deleted', codeOf),
    ).toBe('MANIFEST_UNKNOWN')
    expect(
      await deleteTag(registry.parts, name('no/where'), tag('x'), { by: ALICE }).then(
        () => 'deleted',
        codeOf,
      ),
    ).toBe('NAME_UNKNOWN')
  })

  it('of two at once one deletes it; both see it gone', async () => {
    await push(registry, TEAM, image(config), { tags: ['a'] })
    registry.hooks.beforeCommit = () => deleteTag(registry.parts, name(TEAM), tag('a'), { by: ALICE })
    expect(
      await deleteTag(registry.parts, name(TEAM), tag('a'), { by: ALICE }).then(() => 'deleted', codeOf),
    ).toBe('MANIFEST_UNKNOWN')
    expect(await keysUnder(registry, keys.tagLog(await idOf(registry, TEAM), 'a'))).toHaveLength(2)
  })
})
