import { beforeEach, describe, expect, it } from 'vitest'
import { keys, kindOf, REPOSITORY_KINDS } from '../records/keys.ts'
import { chunk, digestOf, image, name } from '../registry/content-fixture.ts'
import { deleteManifest } from '../registry/delete-manifest.ts'
import { deleteRepositories, deleteRepository } from '../registry/delete-repository.ts'
import { pushImage } from '../registry/images-fixture.ts'
import { keepManifest } from '../registry/keep-manifest.ts'
import {
  ALICE,
  codeOf,
  HOUR,
  openTestRegistry,
  pull,
  pullManifest,
  push,
  type TestRegistry,
} from '../registry/registry-fixture.ts'
import { idOf } from '../registry/stored-fixture.ts'
import { usageOf } from '../registry/usage.ts'
import { clearRepository } from './clear-repository.ts'
import { bytesLeft, collectAll, collectFor, collectOnce } from './collection-fixture.ts'
import { testJob } from './job-fixture.ts'
import { readReview } from './review-queue.ts'

let registry: TestRegistry
const APP = 'team/app'

beforeEach(async () => {
  registry = await openTestRegistry()
})

/** The kinds of all records whose key holds a repository's id, wherever it stands: the store is read whole. */
async function leftOf(id: string): Promise<Set<string | undefined>> {
  const all = await registry.metadata.range({ prefix: new Uint8Array(), limit: 10_000 })
  const named = all.filter(({ key }) => Buffer.from(key).includes(Buffer.from(id, 'hex')))
  return new Set(named.map(({ key }) => kindOf(key)))
}

async function fill(): Promise<string> {
  const one = await pushImage(registry, APP, 'one', { tags: ['v1', 'latest'] })
  await pushImage(registry, APP, 'signature', { subject: one.digest })
  const gone = await pushImage(registry, APP, 'gone', { tags: ['old'] })
  await deleteManifest(registry.parts, name(APP), gone.digest, ALICE)
  const id = await idOf(registry, APP)
  await keepManifest(registry.parts, { name: name(APP), digest: one.digest, by: ALICE }, true)
  registry.parts.pulls.note(id, one.digest)
  await registry.parts.pulls.flush(registry.metadata)
  return id
}

describe('deleting a repository', () => {
  it('hides it at once, clears all its records, and gives the space back', async () => {
    const id = await fill()
    // A kind that is missing here is cleared untested: `fill` has to make one.
    expect(await leftOf(id)).toEqual(new Set([...REPOSITORY_KINDS, 'holder', 'review']))
    await deleteRepository(registry.parts, name(APP))
    expect(await pull(registry, APP, digestOf('layer of one'))).toBeUndefined()
    registry.clock.now += HOUR
    await collectOnce(registry)
    expect(await leftOf(id)).toEqual(new Set(['review']))
    expect(await usageOf(registry.metadata, 'team')).toBe(0)
    await collectFor(registry, 80)
    expect(await bytesLeft(registry)).toBe(0)
    expect(await leftOf(id)).toEqual(new Set())
  })

  it('frees its name at once: what is pushed there then stays', async () => {
    await fill()
    await deleteRepository(registry.parts, name(APP))
    const one = await pushImage(registry, APP, 'one', { tags: ['v1'] })
    await collectAll(registry)
    expect(await pullManifest(registry, APP, one.digest)).toBeDefined()
    expect(await pull(registry, APP, one.layer)).toBeDefined()
    expect(await bytesLeft(registry)).toBe(2)
  })

  it('ends uploads that were begun in it', async () => {
    await fill()
    const id = await registry.uploads.start(name(APP), ALICE)
    await deleteRepository(registry.parts, name(APP))
    await pushImage(registry, APP, 'new')
    const finish = registry.uploads.finish({ id, name: name(APP), account: ALICE }, digestOf('x'), chunk('x'))
    expect(await finish.then(() => 'done', codeOf)).toBe('BLOB_UPLOAD_UNKNOWN')
  })

  it('makes a manifest push that runs begin again, in a new repository', async () => {
    const one = await pushImage(registry, APP, 'one')
    registry.hooks.beforeCommit = () => deleteRepository(registry.parts, name(APP))
    const pushed = push(registry, APP, image(one.config, [one.layer]), { tags: ['v1'] })
    expect(await pushed.then(() => 'done', codeOf)).toBe('MANIFEST_BLOB_UNKNOWN')
  })

  it('goes on where it was stopped', async () => {
    const id = await fill()
    await deleteRepository(registry.parts, name(APP))
    registry.clock.now += HOUR
    const [entry] = await registry.metadata.range({ prefix: keys.reviews(), limit: 1 })
    if (entry === undefined) throw new Error('nothing is queued')
    const stopping = new AbortController()
    const job = testJob({ metadata: registry.metadata, blobs: registry.blobs, now: registry.parts.now })
    await job.run(async (parts, signal) => {
      const stopper = {
        ...parts,
        registry: registry.parts,
        pace: () => {
          stopping.abort()
          return Promise.resolve()
        },
      }
      const ended = await clearRepository(
        stopper,
        readReview(entry),
        AbortSignal.any([signal, stopping.signal]),
      )
      expect(ended).toBe(false)
    })
    expect((await leftOf(id)).size).toBeGreaterThan(2)
    await collectOnce(registry)
    expect(await leftOf(id)).toEqual(new Set(['review']))
  })

  it('is unknown when it is not there', async () => {
    expect(await deleteRepository(registry.parts, name('no/where')).then(() => 'done', codeOf)).toBe(
      'NAME_UNKNOWN',
    )
  })

  it('with all others of the project leaves other projects alone', async () => {
    await fill()
    await pushImage(registry, 'team/web', 'web', { tags: ['v1'] })
    await pushImage(registry, 'other/app', 'one', { tags: ['v1'] })
    expect(await deleteRepositories(registry.parts, 'team')).toBe(2)
    await collectAll(registry)
    expect(await bytesLeft(registry)).toBe(2)
    expect(await pull(registry, 'other/app', digestOf('layer of one'))).toBeDefined()
  })
})
