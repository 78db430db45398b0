import { z } from 'zod'
import { digestField } from '../../records/fields.ts'

/**
 * The file of a layer's index: blocks of entries by directory, each compressed; a table of the blocks; what is known of
 * the layer as a whole; and a tail of fixed length that says where those are.
 */
export const MAGIC = 'LAMX0001'
export const TAIL_BYTES = 32
/** Bytes of entries in a block before it is compressed. */
export const BLOCK_BYTES = 64 * 1024
/** Characters of a block's first key that the table keeps. */
export const KEY_LIMIT = 256

const count = z.number().int().nonnegative()

/** What is known of a layer that was read to its end, or to where it is damaged. */
export const layerFactsSchema = z.object({
  compression: z.enum(['gzip', 'zstd', 'none']),
  /** SHA-256 of all that came out of the decompression; undefined when that broke off. */
  diffId: digestField.optional(),
  /** Bytes that came out of it. */
  unpacked: count,
  /** Entries as the archive has them. */
  entries: count,
  /** Of the tree: files of all kinds without directories, and the bytes of regular ones. */
  files: count,
  bytes: count,
  whiteouts: count,
  warnings: z.array(z.string()),
})
export type LayerFacts = z.infer<typeof layerFactsSchema>

/** One block: the begin of its first key, where it is, and how many entries it has. */
export interface BlockRow {
  readonly firstKey: string
  readonly offset: number
  readonly length: number
  readonly entries: number
}
