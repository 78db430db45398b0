import { z } from 'zod'
import { recordCodec } from './codec.ts'
import { dateField, roleField } from './fields.ts'

export const projectCodec = recordCodec(
  'project',
  1,
  z.object({ public: z.boolean(), created: dateField, createdBy: z.string() }),
)
export type ProjectRecord = ReturnType<typeof projectCodec.decode>

/** Value of `member` and of its reverse, `membership`. */
export const memberCodec = recordCodec('member', 1, z.object({ role: roleField, since: dateField }))

/** Value of `public`: the key says it all. */
export const publicCodec = recordCodec('public', 1, z.object({}))

export const repositoryCodec = recordCodec(
  'repository',
  1,
  z.object({ id: z.string().regex(/^[0-9a-f]{16}$/), created: dateField }),
)
export type RepositoryRecord = ReturnType<typeof repositoryCodec.decode>
