import { z } from 'zod'

/** A schema of openapi.yaml, as far as somebody here asks for it. */
export interface Schema {
  readonly $ref?: string | undefined
  readonly type?: string | readonly string[] | undefined
  readonly const?: unknown
  readonly enum?: readonly unknown[] | undefined
  readonly oneOf?: readonly Schema[] | undefined
  readonly anyOf?: readonly Schema[] | undefined
  readonly allOf?: readonly Schema[] | undefined
  readonly items?: Schema | undefined
  readonly properties?: Readonly<Record<string, Schema>> | undefined
  readonly required?: readonly string[] | undefined
  readonly additionalProperties?: boolean | Schema | undefined
  readonly description?: string | undefined
  readonly format?: string | undefined
  readonly pattern?: string | undefined
  readonly default?: unknown
  readonly minimum?: number | undefined
  readonly maximum?: number | undefined
  readonly maxItems?: number | undefined
  readonly maxLength?: number | undefined
}

/** Parses one, and all that lie in it. */
export const schema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    const: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    oneOf: z.array(schema).optional(),
    anyOf: z.array(schema).optional(),
    allOf: z.array(schema).optional(),
    items: schema.optional(),
    properties: z.record(z.string(), schema).optional(),
    required: z.array(z.string()).optional(),
    additionalProperties: z.union([z.boolean(), schema]).optional(),
    description: z.string().optional(),
    format: z.string().optional(),
    pattern: z.string().optional(),
    default: z.unknown().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    maxItems: z.number().optional(),
    maxLength: z.number().optional(),
  }),
)

/** The name that a reference ends with. */
export function nameIn(reference: string): string {
  return reference.split('/').at(-1) ?? ''
}

/** What a value refers to, or the value itself. Throws for a reference to what is not there. */
export function resolved<Value extends { $ref?: string | undefined }>(
  value: Value,
  named: Record<string, Value>,
): Value {
  if (value.$ref === undefined) return value
  const found = named[nameIn(value.$ref)]
  if (found === undefined) throw new Error(`openapi.yaml refers to ${value.$ref}, which is not there`)
  return found
}
