import { z } from 'zod'
import { digestField } from '../../records/fields.ts'

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

/** Of a layer that nothing was read of. */
export const NO_FACTS: LayerFacts = {
  compression: 'none',
  unpacked: 0,
  entries: 0,
  files: 0,
  bytes: 0,
  whiteouts: 0,
  warnings: [],
}
