import { beforeEach, describe, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { StoreUnavailable } from '../../storage/store-errors.ts'
import { clusterCodec } from '../records/cluster.ts'
import { keys } from '../records/keys.ts'
import { startsOf } from './starts.ts'

let metadata: MetadataStore

/** What the record of the registry's id says; without a list as an older program wrote it. */
async function record(starts?: string[]): Promise<void> {
  const value = clusterCodec.encode({ id: 'one', created: 1, ...(starts && { starts }) })
  await metadata.commit({ checks: [], sets: [{ key: keys.cluster(), value }], deletes: [] })
}

async function recorded(): Promise<readonly string[]> {
  const [stored] = await metadata.read([keys.cluster()])
  return (stored && clusterCodec.decode(stored.value).starts) ?? []
}

beforeEach(async () => {
  metadata = await openMemoryMetadataStore()
  await record()
})

describe('the starts that records went through', () => {
  it('are known to all who share them, the last fifty', async () => {
    const [one, other] = [startsOf(metadata), startsOf(metadata)]
    expect(await other.knows('a')).toBe(false)
    for (const start of ['a', ...Array.from({ length: 49 }, (_, at) => `start ${at}`)]) await one.add(start)
    expect(await other.knows('a')).toBe(true)
    await other.add('b')
    expect(await recorded()).toHaveLength(50)
    expect(await startsOf(metadata).knows('a')).toBe(false)
    expect(await startsOf(metadata).knows('b')).toBe(true)
  })

  it('are written down again when a failover has lost one that was met', async () => {
    const starts = startsOf(metadata)
    await starts.add('a')
    await record([])
    expect(await startsOf(metadata).knows('a')).toBe(false)
    expect(await starts.knows('a')).toBe(true)
    expect(await recorded()).toEqual(['a'])
  })

  it('are not denied by a standby that is behind, which may say of one that it is there', async () => {
    await record(['a'])
    const before = await metadata.snapshot()
    await record(['a', 'b'])
    const behind: MetadataStore = {
      read: (wanted) => before.read(wanted),
      range: (query) => before.range(query),
      snapshot: () => metadata.snapshot(),
      commit: (commit) => metadata.commit(commit),
      close: () => Promise.resolve(),
    }
    expect(await startsOf(behind).knows('a')).toBe(true)
    await expect(startsOf(behind).knows('b')).rejects.toThrow(StoreUnavailable)
    await before.close()
  })

  it('are of no registry whose record is gone', async () => {
    await metadata.commit({ checks: [], sets: [], deletes: [keys.cluster()] })
    await expect(startsOf(metadata).add('a')).rejects.toThrow(StoreUnavailable)
    expect(await startsOf(metadata).knows('a')).toBe(false)
  })
})
