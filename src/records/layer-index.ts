import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField, digestField, sizeField } from './fields.ts'

/**
 * Who holds the indexes: a repository that no name leads to, in a project that cannot be one, so that nobody pulls from
 * it and no quota counts it. Their edges come from the layers.
 */
export const INDEX_HOLDER = { project: '*index', repo: '0000000000000000' } as const

/**
 * Grows when indexes change so that older ones must be built again. 2: archives are read as engines read them, and trees
 * show what unpacking leaves (docs/decisions/083). 3: entries lie where symbolic links of their own layer lead.
 */
export const INDEX_VERSION = 3

/** Value of `layer-index`: how the look inside a layer ended, and what is known since. Sizes are bytes. */
export const layerIndexCodec = recordCodec(
  'layer-index',
  1,
  z.object({
    state: z.enum(['done', 'unsupported', 'too-large', 'damaged']),
    /** A sentence; absent when done. */
    reason: z.string().optional(),
    at: dateField,
    version: z.number(),
    /** The blob of the index. A layer that broke off has one of what came before. */
    index: z.object({ sha256: digestField, size: sizeField }).optional(),
    compression: z.enum(['gzip', 'zstd', 'none']),
    diffId: digestField.optional(),
    unpacked: sizeField,
    entries: sizeField,
    files: sizeField,
    bytes: sizeField,
    whiteouts: sizeField,
    warnings: z.array(z.string()),
  }),
)
export type LayerIndexRecord = ReturnType<typeof layerIndexCodec.decode>

/** Value of `index-queue`: a layer that waits to be indexed, or is being indexed by the process that claims it. */
export const indexQueueCodec = recordCodec(
  'index-queue',
  1,
  z.object({
    at: dateField,
    /** Failures without a verdict, when nothing kept every layer from being indexed. */
    attempts: z.number(),
    claim: z.object({ by: z.string(), until: dateField, read: sizeField }).optional(),
  }),
)
export type IndexQueueRecord = ReturnType<typeof indexQueueCodec.decode>
