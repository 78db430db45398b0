import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { type IndexEntry, pathOf } from './index-entry.ts'
import { type IndexedLayer, LayerIndexing } from './index-layer.ts'
import { IndexReader } from './index-reader.ts'
import type { LayerLimits } from './verdict.ts'

export const LIMITS: LayerLimits = {
  entries: 10_000,
  unpacked: 2 ** 34,
  ratio: 1000,
  index: 2 ** 28,
  milliseconds: 60_000,
}

export interface Indexed extends IndexedLayer {
  readonly reader: IndexReader
  readonly entries: readonly IndexEntry[]
  /** Bytes of the index's file. */
  readonly length: number
}

/** Indexes bytes in this thread, in chunks of `size`. */
export async function indexBytes(
  bytes: Buffer,
  { size = 65_536, limits = LIMITS }: { readonly size?: number; readonly limits?: LayerLimits } = {},
): Promise<Indexed> {
  const directory = await mkdtemp(join(tmpdir(), 'lamina-index-'))
  try {
    const indexing = new LayerIndexing(directory, limits)
    for (let at = 0; at < bytes.length; at += size) await indexing.write(bytes.subarray(at, at + size))
    const result = await indexing.end()
    const file = await readFile(indexing.path)
    const reader = await readerOf(file)
    const entries: IndexEntry[] = []
    for await (const entry of reader.from()) entries.push(entry)
    return { ...result, reader, entries, length: file.length }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function readerOf(file: Buffer): Promise<IndexReader> {
  return IndexReader.open({
    size: file.length,
    read: (start, end) => Promise.resolve(file.subarray(start, end)),
    unpack: (start, end) => Promise.resolve(zstdDecompressSync(file.subarray(start, end))),
  })
}

/** `kind path` of every entry that someone wrote. */
export function listed({ entries }: Indexed): string[] {
  return entries.filter(({ flags }) => (flags & 1) === 0).map((entry) => `${entry.kind} ${pathOf(entry)}`)
}
