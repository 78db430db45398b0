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
import { partAsked, partReply } from './part-reply.ts'
import type { InspectHttpParts } from './parts.ts'

const HOPS = 40
const PATIENCE_MS = 120_000

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
  const { offset, length } = partAsked(exchange, file.size)
  const wanted = { file, record, offset, length }
  const inTurn = (read: () => Promise<void>) => parts.farReads(exchange, read)
  const bytes = await inTime(PATIENCE_MS, (signal) => readFile(parts, layer, { ...wanted, inTurn }, signal))
  return partReply(exchange, { bytes, offset, size: file.size, layer, cache })
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
  const packed = packedLayer(parts, layer, record, inTurn)
  const stored = (start: number, end: number) =>
    readUnpacked(packed, file.contentOffset + start, file.contentOffset + end, signal)
  const span = { start: offset, end: offset + length }
  return file.sparse === undefined ? stored(span.start, span.end) : readSparse(file.sparse, span, stored)
}

/** A layer as it is stored, for reading files of it. */
export function packedLayer(
  parts: InspectHttpParts,
  layer: Digest,
  record: ReturnType<typeof recordIn>,
  inTurn: PackedLayer['whenFar'],
): PackedLayer {
  return {
    compression: record?.compression ?? 'none',
    open: (range) => openLayer(parts, layer, range),
    entrance: async (start, end) => record && parts.seekPoints.entrance(layer, record, { start, end }),
    whenFar: inTurn,
  }
}

/** The bytes of a layer, or a part of them. Throws StoreDamaged when they are not there. */
export async function openLayer(
  { indexes }: Pick<InspectHttpParts, 'indexes'>,
  layer: Digest,
  range: PackedRange | undefined,
) {
  const reader = await indexes.openLayer(layer, range)
  if (reader === undefined) throw new StoreDamaged(`the bytes of layer ${layer} are not there`)
  return reader
}
