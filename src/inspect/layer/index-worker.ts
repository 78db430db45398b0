import { parentPort, workerData } from 'node:worker_threads'
import { z } from 'zod'
import { LayerIndexing } from './index-layer.ts'

/** The other side of index-aside.ts: one thread for one layer. */
const { directory, limits } = z
  .object({
    directory: z.string(),
    limits: z.object({
      entries: z.number(),
      unpacked: z.number(),
      ratio: z.number(),
      index: z.number(),
      milliseconds: z.number(),
    }),
  })
  .parse(workerData)

const indexing = new LayerIndexing(directory, limits)

parentPort?.on('message', (chunk: Uint8Array | 'end') => {
  void (async () => {
    if (chunk === 'end') {
      const result = await indexing.end()
      parentPort?.postMessage({ kind: 'done', result, indexPath: indexing.indexPath })
    } else {
      await indexing.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
      parentPort?.postMessage({ kind: 'ready', over: indexing.isOver })
    }
  })()
})
