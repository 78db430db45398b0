import { beforeEach, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { countProject } from './count-project.ts'
import { fillProject, MANIFEST_SIZE } from './project-fixture.ts'

let metadata: MetadataStore

beforeEach(async () => {
  metadata = await openMemoryMetadataStore()
})

it('counts repositories and manifests', async () => {
  await fillProject(metadata, [3, 0, 2])
  expect(await countProject(metadata, 'p')).toEqual({
    repositories: { count: 2, more: false },
    manifests: 5,
    logicalBytes: 5 * MANIFEST_SIZE,
    storedBytes: 0,
    pushed: 3,
  })
})

it.each([
  { what: 'one repository has too many', counts: [5001], repositories: 1 },
  { what: 'a later one goes beyond', counts: [4999, 2], repositories: 2 },
  { what: 'there is one more repository', counts: [5000, 1], repositories: 1 },
])('says that there is more than it counted: $what', async ({ counts, repositories }) => {
  await fillProject(metadata, [...counts])
  expect(await countProject(metadata, 'p')).toMatchObject({
    repositories: { count: repositories, more: true },
    manifests: 5000,
  })
})

it('says nothing of more when it counted all, up to the last', async () => {
  await fillProject(metadata, [4000, 1000])
  expect(await countProject(metadata, 'p')).toMatchObject({
    repositories: { count: 2, more: false },
    manifests: 5000,
  })
})
