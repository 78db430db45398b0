import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'
import { at, fieldsOf } from './json.ts'
import type { Reply } from './wire.ts'

const document: unknown = parse(
  readFileSync(fileURLToPath(new URL('../../../openapi.yaml', import.meta.url)), 'utf8'),
)

const known = new Map<string, z.ZodType>()

/** What openapi.yaml says of the JSON of an answer, and the answer does not keep to; empty when all is well. */
export function strayings(operationId: string, reply: Reply): string[] {
  const schema = schemaOf(operationId, reply.status)
  const parsed = schema.safeParse(reply.json)
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

/** An operation as openapi.yaml describes it. */
export interface Operation {
  readonly id: string
  readonly method: string
  /** With parameters in braces. */
  readonly path: string
  /** Names of the query's parameters that must be there. */
  readonly query: readonly string[]
  readonly takesJson: boolean
  /** Those that it answers with, without `default`. */
  readonly statuses: readonly string[]
}

/** Every operation, in the order of the file. */
export function allOperations(): Operation[] {
  return Object.entries(fieldsOf(at(document, 'paths'))).flatMap(([path, methods]) =>
    Object.entries(fieldsOf(methods)).flatMap(([method, one]) => {
      const id = at(one, 'operationId')
      if (typeof id !== 'string') return []
      const parameters = listOf(at(one, 'parameters')).map(resolve)
      return [
        {
          id,
          method: method.toUpperCase(),
          path,
          query: parameters.flatMap((parameter) => {
            const name = at(parameter, 'name')
            return at(parameter, 'in') === 'query' &&
              at(parameter, 'required') === true &&
              typeof name === 'string'
              ? [name]
              : []
          }),
          takesJson: at(one, 'requestBody', 'content', 'application/json') !== undefined,
          statuses: Object.keys(fieldsOf(at(one, 'responses'))).filter((status) => status !== 'default'),
        },
      ]
    }),
  )
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** The operations that openapi.yaml has under a tag, in its order. */
export function operationsUnder(tag: string): string[] {
  return Object.values(fieldsOf(at(document, 'paths')))
    .flatMap((methods) => Object.values(fieldsOf(methods)))
    .flatMap((one) => {
      const [id, tags] = [at(one, 'operationId'), at(one, 'tags')]
      return typeof id === 'string' && Array.isArray(tags) && tags.includes(tag) ? [id] : []
    })
}

function schemaOf(operationId: string, status: number): z.ZodType {
  const key = `${operationId} ${status}`
  const made = known.get(key) ?? makeSchema(operationId, status)
  known.set(key, made)
  return made
}

function makeSchema(operationId: string, status: number): z.ZodType {
  const operation = Object.values(fieldsOf(at(document, 'paths')))
    .flatMap((methods) => Object.values(fieldsOf(methods)))
    .find((one) => at(one, 'operationId') === operationId)
  const answer = at(operation, 'responses', String(status)) ?? at(operation, 'responses', 'default')
  const schema = at(resolve(answer), 'content', 'application/json', 'schema')
  if (schema === undefined) throw new Error(`openapi.yaml has no JSON for ${operationId} ${status}`)
  const $defs = inDefs(at(document, 'components', 'schemas'))
  return z.fromJSONSchema(jsonSchema.parse({ ...fieldsOf(inDefs(schema)), $defs }))
}

const jsonSchema = z.custom<Parameters<typeof z.fromJSONSchema>[0]>((value) => typeof value === 'object')

function resolve(answer: unknown): unknown {
  const reference = at(answer, '$ref')
  return typeof reference === 'string' ? at(document, ...reference.replace('#/', '').split('/')) : answer
}

/** The schema with its references as JSON Schema alone has them. */
function inDefs(schema: unknown): unknown {
  const text = JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/')
  const value: unknown = JSON.parse(text)
  return value
}
