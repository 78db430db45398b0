import { nameIn, type Schema } from './openapi-schema.ts'
import { type PageOperation, readOpenapiForPage } from './page-operations.ts'

/** Types of /api/v1 for the page, from openapi.yaml: one row for each operation, and the named schemas. */
export function pageTypes(): string {
  const { operations, schemas } = readOpenapiForPage()
  return [
    '// Made from openapi.yaml by scripts/build-page.ts; not kept in the repository.',
    '',
    ...Object.entries(schemas).map(([name, schema]) => `export type ${name} = ${typeOf(schema)}\n`),
    'export interface Operations {',
    ...operations.map(row),
    '}',
    '',
    'export const OPERATIONS: { readonly [Id in keyof Operations]: readonly [method: string, path: string] } = {',
    ...operations.map(({ id, method, path }) => `  ${id}: ['${method}', '${path}'],`),
    '}',
    '',
  ].join('\n')
}

function row({ id, path, query, body, answer }: PageOperation): string {
  const params = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => `readonly ${name}: string`)
  const asked = query.map(
    ({ name, required, schema }) => `readonly '${name}'${required ? '' : '?'}: ${typeOf(schema)} | undefined`,
  )
  return `  readonly ${id}: {
    readonly params: { ${params.join('; ')} }
    readonly query: { ${asked.join('; ')} }
    readonly body: ${body === undefined ? 'undefined' : typeOf(body)}
    readonly answer: ${answer === undefined ? 'undefined' : typeOf(answer)}
  }`
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return nameIn(schema.$ref)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' | ')
  const choice = schema.oneOf ?? schema.anyOf
  if (choice !== undefined) return `(${choice.map(typeOf).join(' | ')})`
  if (schema.allOf !== undefined) return schema.allOf.map((one) => `(${typeOf(one)})`).join(' & ')
  return [schema.type ?? 'unknown']
    .flat()
    .map((type) => plainType(schema, type))
    .join(' | ')
}

function plainType(schema: Schema, type: string): string {
  switch (type) {
    case 'string':
      return 'string'
    case 'integer':
    case 'number':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'null':
      return 'null'
    case 'array':
      return `readonly (${schema.items === undefined ? 'unknown' : typeOf(schema.items)})[]`
    case 'object':
      return objectType(schema)
    default:
      return 'unknown'
  }
}

function objectType({ properties, required = [], additionalProperties }: Schema): string {
  const fields = Object.entries(properties ?? {}).map(
    ([name, schema]) => `readonly '${name}'${required.includes(name) ? '' : '?'}: ${typeOf(schema)}`,
  )
  if (fields.length > 0) return `{ ${fields.join('; ')} }`
  const values = typeof additionalProperties === 'object' ? typeOf(additionalProperties) : 'unknown'
  return `{ readonly [name: string]: ${values} }`
}
