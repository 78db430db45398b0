import { parse } from 'yaml'
import { z } from 'zod'
import { resolved, type Schema, schema } from './openapi-schema.ts'
import { projectText } from './project-files.ts'

/** An operation of /api/v1 as its callers see it. */
export interface PageOperation {
  readonly id: string
  readonly method: string
  /** Without `/api/v1/` at its beginning. */
  readonly path: string
  readonly query: readonly { readonly name: string; readonly required: boolean; readonly schema: Schema }[]
  readonly body: Schema | undefined
  readonly answer: Schema | undefined
}

const content = z.record(z.string(), z.object({ schema })).optional()
const parameter = z.object({
  $ref: z.string().optional(),
  name: z.string().default(''),
  in: z.string().default(''),
  required: z.boolean().default(false),
  schema: schema.default({}),
})
const answer = z.object({ $ref: z.string().optional(), content })
const operation = z.object({
  operationId: z.string(),
  parameters: z.array(parameter).default([]),
  requestBody: z.object({ content }).optional(),
  responses: z.record(z.string(), answer),
})
const document = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.object({
    parameters: z.record(z.string(), parameter),
    responses: z.record(z.string(), answer),
    schemas: z.record(z.string(), schema),
  }),
})

const PREFIX = '/api/v1/'
const METHODS = ['get', 'put', 'post', 'patch', 'delete']

/** The operations of /api/v1 in openapi.yaml, and every named schema. Throws when the file is of another shape. */
export function readOpenapiForPage() {
  const { paths, components } = document.parse(parse(projectText('openapi.yaml')))
  const operations = Object.entries(paths)
    .filter(([path]) => path.startsWith(PREFIX))
    .flatMap(([path, item]) => {
      const shared = z.array(parameter).default([]).parse(item['parameters'])
      return METHODS.filter((method) => item[method] !== undefined).map((method): PageOperation => {
        const { operationId, parameters, requestBody, responses } = operation.parse(item[method])
        const all = [...shared, ...parameters].map((one) => resolved(one, components.parameters))
        return {
          id: operationId,
          method: method.toUpperCase(),
          path: path.slice(PREFIX.length),
          query: all.filter((one) => one.in === 'query'),
          body: jsonOf(requestBody?.content),
          answer: answerOf(responses, components.responses),
        }
      })
    })
  return { operations, schemas: components.schemas }
}

type Answer = z.infer<typeof answer>

function answerOf(responses: Record<string, Answer>, named: Record<string, Answer>): Schema | undefined {
  return Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([, good]) => jsonOf(resolved(good, named).content))
    .find((body) => body !== undefined)
}

function jsonOf(bodies: z.infer<typeof content>): Schema | undefined {
  return bodies?.['application/json']?.schema
}
