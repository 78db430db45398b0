import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField } from './fields.ts'

/**
 * Value of `cluster`: one for all replicas of a registry, made at the first start that needs it. `starts` names the last
 * starts that used a bucket with these records.
 */
export const clusterCodec = recordCodec(
  'cluster',
  1,
  z.object({ id: z.string(), created: dateField, starts: z.array(z.string()).optional() }),
)
