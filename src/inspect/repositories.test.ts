import { expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
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
