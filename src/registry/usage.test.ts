import { beforeEach, describe, expect, it } from 'vitest'
import { unlinkBlob } from './blobs.ts'
import { chunk, cutChunk, digestOf, name } from './content-fixture.ts'
import { ALICE, codeOf, openTestRegistry, pushBlob, type TestRegistry } from './registry-fixture.ts'
import { usageOf } from './usage.ts'

let registry: TestRegistry
const ONE = 'team/one'
const TWO = 'team/two'

beforeEach(async () => {
  registry = await openTestRegistry()
})

const used = (project = 'team') => usageOf(registry.metadata, project)
const blob = (repository: string, size: number, fill = 'x') =>
  pushBlob(registry, repository, fill.repeat(size))
const outcome = (work: Promise<unknown>) => work.then(() => 'done', codeOf)

describe('usage', () => {
  it('counts content once for a project, however often and under which digest it was pushed', async () => {
    await blob(ONE, 100)
    await blob(ONE, 100)
    await blob(TWO, 100)
    await pushBlob(registry, TWO, 'x'.repeat(100), 'sha512')
    expect(await used()).toBe(100)
    await blob('other/app', 100)
    expect(await used('other')).toBe(100)
  })

  it('falls with the last holder of the project', async () => {
    const digest = await blob(ONE, 100)
    await blob(TWO, 100)
    await unlinkBlob(registry.parts, name(ONE), digest)
    expect(await used()).toBe(100)
    await unlinkBlob(registry.parts, name(TWO), digest)
    expect(await used()).toBe(0)
  })

  it('does not move when a push fails (harbor#19295)', async () => {
    const id = await registry.uploads.start(name(ONE), ALICE)
    const session = { id, name: name(ONE), account: ALICE }
    expect(await outcome(registry.uploads.finish(session, digestOf('other'), chunk('some')))).toBe(
      'DIGEST_INVALID',
    )
    expect(await outcome(registry.uploads.append(session, cutChunk('more')))).toBe('BLOB_UPLOAD_INVALID')
    expect(await used()).toBe(0)
  })
})
