import { z } from 'zod'
import type { Field } from './fields.ts'

/** What is known of a setting beside its type. */
export interface SettingFacts {
  /** What a right value looks like, to end the sentence "must be …". */
  readonly expects: string
  readonly default: string | undefined
  readonly doc: string
  /** Never shown. */
  readonly secret: boolean
}

/** Of each setting by its type. */
export const facts = z.registry<SettingFacts>()

/** A setting that is `fallback` unless told. */
export function required<Value>(
  field: Field<Value>,
  fallback: string,
  doc: string,
  { secret = false }: { readonly secret?: boolean } = {},
): z.ZodPrefault<z.ZodType<Value, string>> {
  return field.type
    .prefault(fallback)
    .register(facts, { expects: field.expects, default: fallback, doc, secret })
}

/** A setting that need not be. */
export function optional<Value>(
  field: Field<Value>,
  doc: string,
  { secret = false }: { readonly secret?: boolean } = {},
): z.ZodOptional<z.ZodType<Value, string>> {
  return field.type.optional().register(facts, { expects: field.expects, default: undefined, doc, secret })
}
