import { beforeEach, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { digestField, nameField } from '../records/fields.ts'
import { keys } from '../records/keys.ts'
import { manifestCodec } from '../records/manifest.ts'
import { repositoryCodec } from '../records/project.ts'
import { countProject } from './count-project.ts'

const SIZE = 100
let metadata: MetadataStore

beforeEach(async () => {
  metadata = await openMemoryMetadataStore()
})

/** Repositories p/a, p/b …, with so many manifests each. */
async function fill(...counts: readonly number[]): Promise<void> {
  for (const [at, count] of counts.entries()) {
    const id = at.toString(16).padStart(16, '0')
    const name = nameField.parse(`p/${String.fromCharCode('a'.charCodeAt(0) + at)}`)
    const repository = { key: keys.repository(name), value: repositoryCodec.encode({ id, created: 1 }) }
    const manifests = Array.from({ length: count }, (_, number) => ({
      key: keys.manifest(id, digestField.parse(`sha256:${number.toString(16).padStart(64, '0')}`)),
      value: manifestCodec.encode({
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        size: SIZE,
        children: [],
        created: number + 1,
        by: 'test',
        confirmed: 1,
      }),
    }))
    await metadata.commit({ checks: [], sets: [repository, ...manifests], deletes: [] })
  }
}

it('counts repositories and manifests', async () => {
  await fill(3, 0, 2)
  expect(await countProject(metadata, 'p')).toEqual({
    repositories: { count: 2, more: false },
    manifests: 5,
    logicalBytes: 5 * SIZE,
    storedBytes: 0,
    pushed: 3,
  })
})

it.each([
  { what: 'one repository has too many', counts: [5001], repositories: 1 },
  { what: 'a later one goes beyond', counts: [4999, 2], repositories: 2 },
  { what: 'there is one more repository', counts: [5000, 1], repositories: 1 },
])('says that there is more than it counted: $what', async ({ counts, repositories }) => {
  await fill(...counts)
  expect(await countProject(metadata, 'p')).toMatchObject({
    repositories: { count: repositories, more: true },
    manifests: 5000,
  })
})

it('says nothing of more when it counted all, up to the last', async () => {
  await fill(4000, 1000)
  expect(await countProject(metadata, 'p')).toMatchObject({
    repositories: { count: 2, more: false },
    manifests: 5000,
  })
})
