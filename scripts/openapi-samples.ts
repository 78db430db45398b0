import { nameIn, type Schema } from './openapi-schema.ts'

type Schemas = Readonly<Record<string, Schema>>

/** As many as a choice has, at most. */
const CHOICES = 8

/**
 * Values that a schema describes: with all members and with those that must be there, each way that a choice leaves.
 * Lists have one item.
 */
export function samplesOf(schema: Schema, schemas: Schemas): unknown[] {
  return Array.from({ length: CHOICES }, (_, choice) => choice).flatMap((choice) =>
    [true, false].map((whole) => sampleOf(schema, { schemas, choice, whole })),
  )
}

interface Way {
  readonly schemas: Schemas
  /** Which of several is taken, counted round. */
  readonly choice: number
  /** With what may be left out. */
  readonly whole: boolean
}

function sampleOf(schema: Schema, way: Way): unknown {
  if (schema.$ref !== undefined) return sampleOf(way.schemas[nameIn(schema.$ref)] ?? {}, way)
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return schema.enum[way.choice % schema.enum.length]
  const choices = schema.oneOf ?? schema.anyOf
  if (choices !== undefined) return sampleOf(choices[way.choice % choices.length] ?? {}, way)
  if (schema.allOf !== undefined) return Object.assign({}, ...schema.allOf.map((one) => sampleOf(one, way)))
  const types = [schema.type ?? 'object'].flat()
  return plainSample(schema, types[way.choice % types.length] ?? '', way)
}

function plainSample(schema: Schema, type: string, way: Way): unknown {
  switch (type) {
    case 'string':
      return schema.format === 'date-time' ? '2026-08-01T12:00:00.000Z' : 'text'
    case 'integer':
    case 'number':
      return schema.minimum ?? 1
    case 'boolean':
      return way.choice % 2 === 0
    case 'array':
      return [sampleOf(schema.items ?? {}, way)]
    case 'null':
      return null
    default:
      return objectSample(schema, way)
  }
}

function objectSample({ properties = {}, required = [], additionalProperties }: Schema, way: Way): object {
  const members = Object.entries(properties).filter(([name]) => way.whole || required.includes(name))
  const others = typeof additionalProperties === 'object' ? { text: sampleOf(additionalProperties, way) } : {}
  return { ...others, ...Object.fromEntries(members.map(([name, one]) => [name, sampleOf(one, way)])) }
}
