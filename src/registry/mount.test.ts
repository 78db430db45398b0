import { beforeEach, describe, expect, it } from 'vitest'
import type { Digest } from '../oci/digest.ts'
import { contentCodec, linkCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { INDEX_HOLDER } from '../records/layer-index.ts'
import { projectCodec } from '../records/project.ts'
import { unlinkBlob } from './blobs.ts'
import { digestOf, name } from './content-fixture.ts'
import { mountFrom, mountFromAnywhere } from './mount.ts'
import { ALICE, HOUR, openTestRegistry, pull, pushBlob, type TestRegistry } from './registry-fixture.ts'
import { blobRecord, idOf, keysUnder, locations, remove, setBlobRecord } from './stored-fixture.ts'

let registry: TestRegistry
let digest: Digest
const SOURCE = 'source/app'
const TARGET = 'target/app'

beforeEach(async () => {
  registry = await openTestRegistry()
  await makeProjects('source', 'third', 'a', 'a-b', 'b', 'c')
  digest = await pushBlob(registry, SOURCE, 'content')
})

/** As they are made now. */
async function makeProjects(...names: readonly string[]): Promise<void> {
  const project = { public: false, created: registry.clock.now, createdBy: ALICE }
  const sets = names.map((one) => ({ key: keys.project(one), value: projectCodec.encode(project) }))
  await registry.parts.metadata.commit({ checks: [], sets, deletes: [] })
}

function mount(from: string, what = digest, to = TARGET): Promise<boolean> {
  return mountFrom(registry.parts, { name: name(to), digest: what, account: ALICE }, name(from))
}

function search(mayRead: (project: string) => boolean, what = digest): Promise<boolean> {
  const request = { name: name(TARGET), digest: what, account: ALICE }
  return mountFromAnywhere(registry.parts, request, (project) => Promise.resolve(mayRead(project)))
}

async function quarantine(): Promise<void> {
  const record = await blobRecord(registry, digest)
  if (record !== undefined) await setBlobRecord(registry, digest, { ...record, quarantined: 1 })
}

describe('a mount from a repository', () => {
  it('makes the blob readable without moving bytes, and charges the project', async () => {
    expect(await mount(SOURCE)).toBe(true)
    expect(String(await pull(registry, TARGET, digest))).toBe('content')
    expect(await locations(registry)).toHaveLength(1)
    expect(await keysUnder(registry, keys.charge('target', digest))).toHaveLength(1)
    expect(await keysUnder(registry, keys.holders(digest))).toHaveLength(2)
    const due = registry.clock.now + 24 * HOUR + 1
    expect(
      await keysUnder(registry, keys.review(due, 'link', await idOf(registry, TARGET), digest)),
    ).toHaveLength(1)
  })

  it('survives the source', async () => {
    await mount(SOURCE)
    await unlinkBlob(registry.parts, name(SOURCE), digest)
    expect(String(await pull(registry, TARGET, digest))).toBe('content')
  })

  it.each([
    ['the blob is not there', SOURCE, digestOf('other')],
    ['the repository is not there', 'no/where', digestOf('content')],
    ['it is in another repository', 'source/two', digestOf('content')],
  ])('does nothing when %s', async (_, from, what) => {
    await pushBlob(registry, 'source/two', 'something else')
    expect(await mount(from, what)).toBe(false)
    expect(await pull(registry, TARGET, what)).toBeUndefined()
  })

  it('into a repository that has it renews "last confirmed"', async () => {
    await mount(SOURCE)
    registry.clock.now += HOUR
    expect(await mount(SOURCE)).toBe(true)
    expect(await mount(TARGET)).toBe(true)
    const [stored] = await registry.metadata.read([keys.link(await idOf(registry, TARGET), digest)])
    expect(stored && linkCodec.decode(stored.value).confirmed).toBe(registry.clock.now)
    expect(await keysUnder(registry, keys.holdersInProject(digest, 'target'))).toHaveLength(1)
  })

  it('does not spread what is quarantined', async () => {
    await quarantine()
    expect(await mount(SOURCE)).toBe(false)
    expect(await search(() => true)).toBe(false)
  })

  it.each([
    ['collected', () => remove(registry, keys.blob(digest))],
    ['quarantined', () => quarantine()],
  ])('does not happen when the blob is %s just before the commit', async (_, harm) => {
    registry.hooks.beforeCommit = harm
    expect(await mount(SOURCE)).toBe(false)
    expect(await keysUnder(registry, keys.holdersInProject(digest, 'target'))).toEqual([])
  })

  it('goes to the repository that the name leads to at the commit', async () => {
    await pushBlob(registry, TARGET, 'x')
    const old = await idOf(registry, TARGET)
    registry.hooks.beforeCommit = () => remove(registry, keys.repository(name(TARGET)))
    expect(await mount(SOURCE)).toBe(true)
    expect(await idOf(registry, TARGET)).not.toBe(old)
    expect(String(await pull(registry, TARGET, digest))).toBe('content')
    expect(await keysUnder(registry, keys.link(old, digest))).toEqual([])
  })
})

describe('sha512', () => {
  it('is mounted under the digest as pushed', async () => {
    const long = await pushBlob(registry, SOURCE, 'content', 'sha512')
    expect(await mount(SOURCE, long)).toBe(true)
    expect(String(await pull(registry, TARGET, long))).toBe('content')
    expect(await pull(registry, TARGET, digest)).toBeUndefined()
  })

  it('is found anywhere through its alias, which the first push of it made', async () => {
    const long = digestOf('content', 'sha512')
    expect(await search(() => true, long)).toBe(false)
    await pushBlob(registry, 'third/app', 'content', 'sha512')
    expect(await search((project) => project === 'source', long)).toBe(true)
    expect(String(await pull(registry, TARGET, long))).toBe('content')
  })
})

describe('a mount from anywhere', () => {
  it('finds nothing that only the registry itself holds, whatever the caller may read', async () => {
    const { project, repo } = INDEX_HOLDER
    const own = digestOf('an index of a layer')
    const location = (await locations(registry))[0] ?? ''
    await setBlobRecord(registry, own, { size: 7, location, created: 0 })
    const value = contentCodec.encode({ size: 7 })
    const sets = [{ key: keys.holder(own, project, repo, own), value }]
    await registry.parts.metadata.commit({ checks: [], sets, deletes: [] })
    expect(await search(() => true, own)).toBe(false)
  })

  it('looks only where the caller may read', async () => {
    const asked: string[] = []
    expect(await search((project) => (asked.push(project), false))).toBe(false)
    expect(asked).toEqual(['source'])
    expect(await pull(registry, TARGET, digest)).toBeUndefined()
    expect(await search((project) => project === 'source')).toBe(true)
    expect(String(await pull(registry, TARGET, digest))).toBe('content')
  })

  it('asks once for a project, however many of its repositories have it, and stops at the first yes', async () => {
    for (const repository of ['a/1', 'a/2', 'a-b/1', 'b/1', 'b/2', 'c/1'])
      await pushBlob(registry, repository, 'content')
    const asked: string[] = []
    expect(await search((project) => (asked.push(project), project === 'b'))).toBe(true)
    expect(asked).toEqual(['a', 'a-b', 'b'])
  })

  it('asks about 64 projects at most', async () => {
    const projects = Array.from({ length: 70 }, (_, at) => `p${String(at).padStart(2, '0')}`)
    await makeProjects(...projects)
    for (const project of projects) await pushBlob(registry, `${project}/app`, 'content')
    const asked: string[] = []
    expect(await search((project) => (asked.push(project), false))).toBe(false)
    expect(asked).toEqual(projects.slice(0, 64))
    expect(await search((project) => project === 'p63')).toBe(true)
    await unlinkBlob(registry.parts, name(TARGET), digest)
    expect(await search((project) => project === 'p64')).toBe(false)
  })

  it('finds nothing of a deleted project, for whoever takes its name before all of it is cleared', async () => {
    await remove(registry, keys.repository(name(SOURCE)))
    await remove(registry, keys.project('source'))
    expect(await search(() => true)).toBe(false)
    registry.clock.now += 1
    await makeProjects('source')
    expect(await search(() => true)).toBe(false)
    await pushBlob(registry, 'source/anew', 'content')
    expect(await search(() => true)).toBe(true)
  })

  it('finds nothing of what nobody has', async () => {
    await unlinkBlob(registry.parts, name(SOURCE), digest)
    expect(await search(() => true)).toBe(false)
    expect(await search(() => true, digestOf('none'))).toBe(false)
  })
})
