import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField } from './fields.ts'

/** Value of `login-failures`: what replicas have counted together of wrong passwords. */
export const loginFailuresCodec = recordCodec(
  'login-failures',
  1,
  z.object({
    /** Tries that were left at `at`; below 0 when replicas used them up at the same time. */
    tries: z.number(),
    at: dateField,
  }),
)
