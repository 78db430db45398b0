import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField, digestField, sizeField } from './fields.ts'

/** Grows when seek points change so that older ones must be made again. */
export const SEEK_VERSION = 1

/** Value of `seek-points`: where reading can begin inside a packed layer. */
export const seekPointsCodec = recordCodec(
  'seek-points',
  1,
  z.object({
    at: dateField,
    version: z.number(),
    /** The blob of the points; absent when the layer has none, and `reason` says why. */
    file: z.object({ sha256: digestField, size: sizeField }).optional(),
    reason: z.string().optional(),
  }),
)
export type SeekPointsRecord = ReturnType<typeof seekPointsCodec.decode>
