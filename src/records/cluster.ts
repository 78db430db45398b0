import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField } from './fields.ts'

/** Value of `cluster`: one for all replicas of a registry, made at the first start that needs it. */
export const clusterCodec = recordCodec('cluster', 1, z.object({ id: z.string(), created: dateField }))
