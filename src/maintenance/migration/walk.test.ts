import { expect, it } from 'vitest'
import { emptyMemoryBlobs, openMemoryBlobStore } from '../../../storage/blobs/memory/memory-blob-store.ts'
import { openMemoryMetadataStore } from '../../../storage/metadata/memory/memory-metadata-store.ts'
import { keys } from '../../records/keys.ts'
import { agree } from './marks.ts'
import type { Place } from './place.ts'
import { WALKED, walk } from './walk.ts'

const NOW = 1_800_000_000_000
const tag = (name: string): Uint8Array => keys.tag('00000000000000aa', name)

async function place(): Promise<Place> {
  return { metadata: await openMemoryMetadataStore(), blobs: openMemoryBlobStore(emptyMemoryBlobs()) }
}

it('leaves what is newer than its begin to the outbox, also what was there before', async () => {
  const [source, target] = [await place(), await place()]
  const set = (...names: string[]) => {
    const sets = names.map((name) => ({ key: tag(name), value: Buffer.from(name) }))
    return source.metadata.commit({ checks: [], sets, deletes: [] })
  }
  await set('changed', 'early')
  await set('last')
  const [last] = await source.metadata.read([tag('last')])
  await set('changed', 'late')
  const { id } = await agree(target.metadata, undefined, { name: 'there', now: NOW })
  const progress = { blobs: 0, bytes: 0, records: 0 }
  const cursors: Uint8Array[] = []
  await walk(
    { source, target, id, now: () => NOW, progress },
    {
      cursor: undefined,
      newest: last?.version ?? 0n,
      damaged: new Set(),
      signal: new AbortController().signal,
    },
    (cursor) => Promise.resolve(void cursors.push(cursor)),
  )
  const moved = await target.metadata.read(['changed', 'early', 'last', 'late'].map(tag))
  expect(moved.map((stored) => stored && Buffer.from(stored.value).toString())).toEqual([
    undefined,
    'early',
    'last',
    undefined,
  ])
  expect(cursors.at(-1)).toEqual(WALKED)
})
