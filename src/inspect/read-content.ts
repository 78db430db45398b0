import type { SourceBlob } from './image-source.ts'

/** The whole of a small blob; undefined when it is longer than `limit` bytes. */
export async function readWhole(blob: SourceBlob, limit: number): Promise<Buffer | undefined> {
  if (blob.size > limit) return undefined
  const whole = Buffer.alloc(blob.size)
  let at = 0
  const reader = await blob.open()
  await reader.pump((chunk) => {
    whole.set(chunk, at)
    at += chunk.length
  })
  return whole
}
