import { UploadGone } from '../blob-store.ts'
import type { Bucket, ReplayableBody } from './bucket.ts'
import { sideKey } from './layout.ts'
import { openReader } from './object-reader.ts'
import type { ClaimedMemory } from './part-memory.ts'
import { type S3Upload, type SidePiece, sideLength } from './upload-state.ts'

/** Bytes of an upload that are in no part: side objects, then memory. They can be sent again as long as both are there. */
export function looseBody(
  bucket: Bucket,
  upload: S3Upload,
  memory: ClaimedMemory | undefined,
): ReplayableBody {
  const length = sideLength(upload) + (memory?.length ?? 0)
  if (upload.side.length === 0) return { length, open: () => memory?.chunks() ?? [] }
  return { length, open: () => looseChunks(bucket, upload, memory) }
}

async function* looseChunks(
  bucket: Bucket,
  { id, side }: S3Upload,
  memory: ClaimedMemory | undefined,
): AsyncGenerator<Uint8Array> {
  for (const piece of side) yield* pieceChunks(bucket, id, piece)
  if (memory !== undefined) yield* memory.chunks()
}

async function* pieceChunks(bucket: Bucket, id: string, piece: SidePiece): AsyncGenerator<Uint8Array> {
  const key = sideKey(id, piece.name)
  const reader = await openReader(bucket, key, { start: 0, end: piece.size - 1 })
  if (reader === undefined) throw new UploadGone(`${key} is not there`)
  // Copies: what sends them keeps them for longer than a reader lends them.
  for await (const chunk of reader.chunks()) yield Uint8Array.from(chunk)
}
