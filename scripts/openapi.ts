import { parse } from 'yaml'
import { z } from 'zod'
import { projectText } from './project-files.ts'

/** openapi.yaml as far as tests look at it; `everything` is all of it. */
export function readOpenapi() {
  const everything: unknown = parse(projectText('openapi.yaml'))
  return { everything, ...document.parse(everything) }
}

const codes = z.array(z.string()).optional()
const reference = z.strictObject({ $ref: z.string() })
const parameter = z.object({ name: z.string(), in: z.string() })
const parameters = z.array(z.union([reference, parameter])).optional()
const response = z.object({ description: z.string(), 'x-codes': codes })

const operation = z.object({
  operationId: z.string(),
  summary: z.string().endsWith('.'),
  'x-right': z.string(),
  tags: z.array(z.string()).length(1),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  parameters,
  responses: z.record(z.string().regex(/^\d{3}$|^default$/), z.union([reference, response])),
})

const document = z.object({
  paths: z.record(
    z.string(),
    z.strictObject({
      parameters,
      get: operation.optional(),
      head: operation.optional(),
      put: operation.optional(),
      post: operation.optional(),
      patch: operation.optional(),
      delete: operation.optional(),
    }),
  ),
  components: z.object({
    parameters: z.record(z.string(), parameter),
    responses: z.record(z.string(), response),
    schemas: z.object({ ErrorCode: z.object({ enum: z.array(z.string()) }) }),
  }),
})

export type Operation = z.infer<typeof operation>
