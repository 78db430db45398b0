import { expect, test } from 'vitest'
import { openMemoryMetadataStore } from '../../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { keys } from '../../records/keys.ts'
import { arrive, UnfinishedTarget } from '../migration/marks.ts'
import { Filling } from './filling.ts'
import { RestoreRefused } from './restore-refused.ts'

const record = (name: string) => ({ key: keys.project(name), value: Buffer.of(1) })

async function projects(metadata: MetadataStore): Promise<number> {
  return (await metadata.range({ prefix: keys.projects(), limit: 1000 })).length
}

/** More than fit into one commit. */
async function half(filling: Filling): Promise<void> {
  for (let at = 0; at < 700; at++) await filling.add(record(`p${at}`))
}

test('no server starts between the first record and the last', async () => {
  const metadata = await openMemoryMetadataStore()
  const filling = await Filling.begin(metadata)
  await expect(arrive(metadata)).rejects.toThrow(UnfinishedTarget)
  await half(filling)
  expect(await projects(metadata)).toBe(500)
  await expect(arrive(metadata)).rejects.toThrow('`lamina restore`')
  await filling.end()
  await arrive(metadata)
  expect(await projects(metadata)).toBe(700)
})

test('what a restore that was cut has left goes before another begins', async () => {
  const metadata = await openMemoryMetadataStore()
  await half(await Filling.begin(metadata))
  const again = await Filling.begin(metadata)
  expect(await projects(metadata)).toBe(0)
  await again.add(record('team'))
  await again.end()
  expect(await projects(metadata)).toBe(1)
})

test('of two restores into the same stores, the first writes nothing once the second has begun', async () => {
  const metadata = await openMemoryMetadataStore()
  const first = await Filling.begin(metadata)
  await first.add(record('first'))
  const second = await Filling.begin(metadata)
  await expect(first.end()).rejects.toThrow(RestoreRefused)
  await second.end()
  expect(await projects(metadata)).toBe(0)
})

test('a registry that is there stays as it is', async () => {
  const metadata = await openMemoryMetadataStore()
  await metadata.commit({ checks: [], sets: [record('team')], deletes: [] })
  await expect(Filling.begin(metadata)).rejects.toThrow("records of kind 'project'")
  await arrive(metadata)
  expect(await projects(metadata)).toBe(1)
})
