import { expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { fillProject } from './project-fixture.ts'
import { listRepositories } from './repositories.ts'

it('counts a thousand of each kind in a repository, and on a large page a few in those that come last', async () => {
  const metadata = await openMemoryMetadataStore()
  await fillProject(metadata, [0, 1200, ...Array<number>(19).fill(1000), 150, 50])
  const { found, next } = await listRepositories(metadata, 'p', { after: undefined, limit: 100 })
  expect(next).toBeUndefined()
  const counts = found.map(({ manifests: { count, more } }) => `${count}${more ? '+' : ''}`)
  expect(counts).toEqual(['1000+', ...Array<string>(19).fill('1000'), '100+', '50'])
})

it('reads a page of repositories in few trips: short ranges that are asked for together share one', async () => {
  const metadata = await openMemoryMetadataStore()
  await fillProject(metadata, [...Array<number>(25).fill(3), 30])
  let [trips, isUnderWay] = [0, false]
  const counted: MetadataStore = {
    ...metadata,
    read: (wanted, bytes) => metadata.read(wanted, bytes),
    range: (query) => {
      if (!isUnderWay || query.limit > 20) trips += 1
      isUnderWay = true
      return new Promise((resolve) =>
        setImmediate(() => {
          isUnderWay = false
          resolve(metadata.range(query))
        }),
      )
    },
  }
  const { found } = await listRepositories(counted, 'p', { after: undefined, limit: 100 })
  expect(found.map(({ manifests }) => manifests.count)).toEqual([...Array<number>(25).fill(3), 30])
  // Their names, their first records, and all manifests of the one that has more.
  expect(trips).toBe(3)
})
