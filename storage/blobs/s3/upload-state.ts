import { UploadGone, type UploadState } from '../blob-store.ts'
import { isUploadId } from './layout.ts'
import { type PartPlan, partStart } from './part-plan.ts'

/** Bytes of an upload in a side object of `stored` bytes: the first `size` of it. */
export interface SidePiece {
  readonly name: string
  readonly size: number
  readonly stored: number
}

/** Where the bytes of an upload are: whole parts, then side objects, then memory of this process. */
export interface S3Upload {
  readonly id: string
  /** Of the multipart upload, once there is one. */
  readonly uploadId: string | undefined
  /** Etags of the parts, whose sizes are those of the plan. */
  readonly parts: readonly string[]
  readonly side: readonly SidePiece[]
  /** Etag of a last part, below the size that others must have, which holds the bytes of the side objects once more. */
  readonly last: string | undefined
  /** Names the bytes that the process holds for a `complete` that follows at once. */
  readonly held: { readonly name: string; readonly size: number } | undefined
}

export function newUpload(id: string): S3Upload {
  return { id, uploadId: undefined, parts: [], side: [], last: undefined, held: undefined }
}

/** Bytes of the upload in parts and side objects. */
function storedLength(plan: PartPlan, upload: S3Upload): number {
  return partStart(plan, upload.parts.length) + sideLength(upload)
}

export function sideLength({ side }: S3Upload): number {
  return side.reduce((sum, piece) => sum + piece.size, 0)
}

/** Plain values for the upload's record. Etags are joined, since there may be ten thousand. */
export function encodeUpload(upload: S3Upload): UploadState {
  const { id, uploadId, parts, side, last, held } = upload
  return {
    id,
    ...(uploadId !== undefined && { multipart: uploadId }),
    ...(parts.length > 0 && { parts: parts.map(encodeURIComponent).join(',') }),
    ...(side.length > 0 && { side: side.map(encodePiece).join(',') }),
    ...(last !== undefined && { last }),
    ...(held !== undefined && { held: held.name, heldBytes: held.size }),
  }
}

function encodePiece({ name, size, stored }: SidePiece): string {
  return `${name}:${size}:${stored}`
}

/** The upload that a recorded state speaks of; undefined when this driver did not write the state. */
export function decodeUpload(state: UploadState): S3Upload | undefined {
  const { id, multipart, parts, side, last, held, heldBytes } = state
  if (typeof id !== 'string' || !isUploadId(id)) return undefined
  // Other drivers' states have an id too, with more beside it than this one ever writes.
  if (Object.keys(state).some((name) => !FIELDS.has(name))) return undefined
  const pieces = items(side).map(decodePiece)
  const known = pieces.filter((piece) => piece !== undefined)
  if (known.length !== pieces.length) return undefined
  const holding = typeof held === 'string' && typeof heldBytes === 'number'
  return {
    id,
    uploadId: typeof multipart === 'string' ? multipart : undefined,
    parts: items(parts).map(decodeURIComponent),
    side: known,
    last: typeof last === 'string' ? last : undefined,
    held: holding ? { name: held, size: heldBytes } : undefined,
  }
}

const FIELDS: ReadonlySet<string> = new Set(['id', 'multipart', 'parts', 'side', 'last', 'held', 'heldBytes'])

function items(value: string | number | undefined): string[] {
  return typeof value === 'string' && value !== '' ? value.split(',') : []
}

function decodePiece(text: string): SidePiece | undefined {
  const match = /^([0-9a-f-]{36}):(\d+):(\d+)$/.exec(text)
  if (match === null) return undefined
  return { name: match[1] ?? '', size: Number(match[2]), stored: Number(match[3]) }
}

/**
 * The upload as if only its first `length` bytes had been written. Throws UploadGone when there are fewer, or when it
 * would end inside a part: S3 gives no byte of a part back, nor takes a smaller one.
 */
export function cutUpload(plan: PartPlan, upload: S3Upload, length: number): S3Upload {
  const stored = storedLength(plan, upload)
  const total = stored + (upload.held?.size ?? 0)
  if (length === total) return upload
  const { id, uploadId } = upload
  if (length === 0) return { ...newUpload(id), uploadId }
  const begin = partStart(plan, upload.parts.length)
  if (length > stored || length < begin)
    throw new UploadGone(`upload ${id} has ${total} bytes, not ${length}`)
  let left = length - begin
  const side: SidePiece[] = []
  for (const piece of upload.side) {
    if (left > 0) side.push({ ...piece, size: Math.min(piece.size, left) })
    left -= piece.size
  }
  return { ...upload, side, last: undefined, held: undefined }
}
