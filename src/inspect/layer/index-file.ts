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

/** One block: the begin of its first key, where it is, and how many entries it has. */
export interface BlockRow {
  readonly firstKey: string
  readonly offset: number
  readonly length: number
  readonly entries: number
}
