import { StoreDamaged } from '../../../storage/store-errors.ts'
import { rawPath } from '../../inspect/display-name.ts'
import { type IndexEntry, isPlaced } from '../../inspect/layer/index-entry.ts'
import type { IndexReader } from '../../inspect/layer/index-reader.ts'
import { recordIn } from '../../inspect/layer/layer-indexes.ts'
import { type PackedLayer, type PackedRange, readUnpacked } from '../../inspect/layer/read-file.ts'
import { readSparse } from '../../inspect/layer/read-sparse.ts'
import { nameOf, parentOf, placeOf } from '../../inspect/tar/tar-path.ts'
import type { Digest } from '../../oci/digest.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Exchange, Handler, Reply } from '../exchange.ts'
import type { Pinned } from './caching.ts'
import { inTime } from './in-time.ts'
import { fromLayerIndex } from './layer-index.ts'
import { textParam } from './params.ts'
import type { InspectHttpParts } from './parts.ts'

/** Bytes of a file in one answer, by default and at most. */
const LENGTH = 256 * 1024
const LENGTH_LIMIT = 4 * 1024 * 1024
const HOPS = 40
const PATIENCE_MS = 120_000

/**
 * What a layer holds is anyone's: no browser may take it for a page, a script or a picture of ours, wherever it is
 * opened, so its type is text or nothing, and what is opened from it is in a sandbox.
 */
const HARMLESS = {
  'content-security-policy': "sandbox; default-src 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
} as const

/** F19: bytes of one file of a layer. */
export function getLayerFile(parts: InspectHttpParts): Handler {
  return fromLayerIndex(parts, async (exchange, { layer, state, reader, cache }) => {
    const file = await findFile(reader, rawPath(textParam(exchange, 'path'), textParam(exchange, 'pathRaw')))
    return fileReply(parts, exchange, { layer, record: recordIn(state), file, cache })
  })
}

/** A file of a layer, and what is said of its answer. */
export interface FoundFile {
  readonly layer: Digest
  readonly record: ReturnType<typeof recordIn>
  readonly file: IndexEntry
  readonly cache: Pinned | undefined
}

/** The part of a file that was asked for. Throws REQUEST_INVALID. */
export async function fileReply(
  parts: InspectHttpParts,
  exchange: Exchange,
  { layer, record, file, cache }: FoundFile,
): Promise<Reply> {
  const { offset, length } = span(exchange, file.size)
  const wanted = { file, record, offset, length }
  const inTurn = (read: () => Promise<void>) => parts.farReads(exchange, read)
  const bytes = await inTime(PATIENCE_MS, (signal) => readFile(parts, layer, { ...wanted, inTurn }, signal))
  const raw = exchange.query.get('raw') === '1'
  return {
    status: 200,
    headers: {
      ...HARMLESS,
      ...cache,
      'content-type':
        raw || !isText(bytes, offset) ? 'application/octet-stream' : 'text/plain; charset=utf-8',
      ...(raw && { 'content-disposition': 'attachment' }),
      'x-file-size': String(file.size),
      'x-file-layer': layer,
    },
    body: bytes,
  }
}

/** A regular file; hard links are followed within the layer. Throws NAME_UNKNOWN. */
async function findFile(reader: IndexReader, path: string): Promise<IndexEntry> {
  let at = path
  for (let hops = 0; hops < HOPS; hops++) {
    const entries = await reader.at(parentOf(at), nameOf(at))
    const entry = entries.find((one) => isPlaced(one) && one.kind !== 'whiteout')
    if (entry?.kind === 'file') return entry
    if (entry?.kind !== 'hardlink') throw noFile(entry, NOT_HERE)
    const place = placeOf(entry.linkname)
    if (place.kind === 'outside') break
    at = place.path
  }
  throw noFile(undefined, NOT_HERE)
}

/** Says why there is no file; `absent`, when nothing is there. */
export function noFile(entry: IndexEntry | undefined, absent: string): RegistryError {
  const what = entry === undefined ? absent : `that is no file, but a ${entry.kind}`
  return new RegistryError('NAME_UNKNOWN', { message: what })
}

const NOT_HERE =
  'there is no such file here; a hard link may lead to a layer below, which /api/v1/image/file follows'

/** Throws REQUEST_INVALID. */
function span({ query }: Exchange, size: number): { readonly offset: number; readonly length: number } {
  const number = (name: string, fallback: number): number => {
    const text = query.get(name)
    if (text === null) return fallback
    if (/^\d{1,15}$/.test(text)) return Number(text)
    throw new RegistryError('REQUEST_INVALID', {
      message: `${name} takes a number of bytes`,
      detail: { field: name },
    })
  }
  const offset = Math.min(number('offset', 0), size)
  return { offset, length: Math.min(number('length', LENGTH), LENGTH_LIMIT, size - offset) }
}

interface Wanted {
  readonly file: IndexEntry
  readonly record: ReturnType<typeof recordIn>
  readonly offset: number
  readonly length: number
  readonly inTurn: PackedLayer['whenFar']
}

/** What a reader of the file sees: the holes of a sparse one are zeros. */
async function readFile(
  parts: InspectHttpParts,
  layer: Digest,
  { file, record, offset, length, inTurn }: Wanted,
  signal: AbortSignal,
): Promise<Buffer> {
  const packed: PackedLayer = {
    compression: record?.compression ?? 'none',
    open: (range) => openLayer(parts, layer, range),
    entrance: async (start, end) => record && parts.seekPoints.entrance(layer, record, { start, end }),
    whenFar: inTurn,
  }
  const stored = (start: number, end: number) =>
    readUnpacked(packed, file.contentOffset + start, file.contentOffset + end, signal)
  const span = { start: offset, end: offset + length }
  return file.sparse === undefined ? stored(span.start, span.end) : readSparse(file.sparse, span, stored)
}

async function openLayer({ indexes }: InspectHttpParts, layer: Digest, range: PackedRange | undefined) {
  const reader = await indexes.openLayer(layer, range)
  if (reader === undefined) throw new StoreDamaged(`the bytes of layer ${layer} are not there`)
  return reader
}

/** UTF-8 without the control characters that no text has; a part may begin and end in the middle of a character. */
function isText(bytes: Buffer, offset: number): boolean {
  if (bytes.some((byte) => byte < 9 || (byte > 13 && byte < 27))) return false
  const begun = offset === 0 ? 0 : bytes.subarray(0, 3).findIndex((byte) => (byte & 0xc0) !== 0x80)
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(Math.max(begun, 0)), { stream: true })
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}
