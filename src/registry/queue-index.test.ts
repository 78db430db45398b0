import { expect, test } from 'vitest'
import { keys } from '../records/keys.ts'
import { INDEX_VERSION, layerIndexCodec } from '../records/layer-index.ts'
import { image } from './content-fixture.ts'
import { openTestRegistry, push, pushBlob } from './registry-fixture.ts'

test.each([
  ['nobody has looked into', undefined, true],
  ['an older program has looked into', INDEX_VERSION - 1, true],
  ['has its index', INDEX_VERSION, false],
])('a push queues a layer that %s', async (_, version, isQueued) => {
  const registry = await openTestRegistry({ indexLayers: true })
  const config = await pushBlob(registry, 'demo/app', 'config')
  const layer = await pushBlob(registry, 'demo/app', 'layer')
  if (version !== undefined) {
    const sums = { unpacked: 0, entries: 0, files: 0, bytes: 0, whiteouts: 0, warnings: [] }
    const record = { state: 'done', at: 1, version, compression: 'none', ...sums } as const
    const sets = [{ key: keys.layerIndex(layer), value: layerIndexCodec.encode(record) }]
    await registry.metadata.commit({ checks: [], sets, deletes: [] })
  }
  await push(registry, 'demo/app', image(config, [layer]), { tags: ['v1'] })
  const [queued] = await registry.metadata.read([keys.indexQueue(layer)])
  expect(queued !== undefined).toBe(isQueued)
})
