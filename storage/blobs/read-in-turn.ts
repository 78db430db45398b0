import { StoreDamaged } from '../store-errors.ts'
import type { BlobReader, ByteSpan, RangesReader } from './blob-store.ts'

/** Opens each range when its turn comes, for drivers where opening costs little. */
export async function readInTurn(
  open: (range: ByteSpan | undefined) => Promise<BlobReader | undefined>,
  ranges: readonly ByteSpan[],
): Promise<RangesReader | undefined> {
  let first = await open(ranges[0])
  if (first === undefined) return undefined
  const { size } = first
  return {
    size,
    async pump(sink) {
      for (const [index, range] of ranges.entries()) {
        const reader = first ?? (await open(range))
        first = undefined
        if (reader === undefined) throw new StoreDamaged('a blob was removed while it was read')
        await reader.pump((chunk) => sink(chunk, index))
      }
    },
    close: async () => first?.close(),
  }
}
