import type { BlobReader } from './blob-store.ts'

/** The bytes of a small blob. Rejects as its reader does. */
export async function readWhole(blob: {
  readonly size: number
  open(): Promise<BlobReader>
}): Promise<Buffer> {
  const whole = Buffer.alloc(blob.size)
  let at = 0
  const reader = await blob.open()
  await reader.pump((chunk) => {
    whole.set(chunk, at)
    at += chunk.length
  })
  return whole
}
