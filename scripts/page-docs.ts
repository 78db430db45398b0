import { parse } from 'yaml'
import { z } from 'zod'
import { nameIn, resolved, type Schema, schema } from './openapi-schema.ts'
import { projectText } from './project-files.ts'

/** What the page shows of openapi.yaml at `/docs`: references resolved, types in words. */
export function pageDocs(): string {
  const file = document.parse(parse(projectText('openapi.yaml')))
  const described = {
    title: `${file.info.title} ${file.info.version}`,
    text: file.info.description,
    tags: file.tags,
    operations: Object.entries(file.paths).flatMap(([path, item]) => operationsAt(file, path, item)),
    types: Object.entries(file.components.schemas).map(([name, schema]) => ({ name, ...typeOf(schema) })),
  }
  return [
    '// Made from openapi.yaml by scripts/build-page.ts; not kept in the repository.',
    "import type { Description } from './description.ts'",
    '',
    `export const DESCRIPTION: Description = ${JSON.stringify(described)}`,
    '',
  ].join('\n')
}

const content = z.record(z.string(), z.object({ schema: schema.default({}) })).default({})
const referring = { $ref: z.string().optional(), description: z.string().optional() }
const parameter = z.object({
  ...referring,
  name: z.string().default(''),
  in: z.string().default(''),
  required: z.boolean().default(false),
  schema: schema.default({}),
})
const body = z.object({ ...referring, required: z.boolean().default(false), content })
const header = z.object({ ...referring, schema: schema.default({}) })
const answer = z.object({
  ...referring,
  'x-codes': z.array(z.string()).default([]),
  headers: z.record(z.string(), header).default({}),
  content,
})
const operation = z.object({
  operationId: z.string(),
  'x-right': z.string(),
  tags: z.array(z.string()),
  summary: z.string(),
  description: z.string().optional(),
  parameters: z.array(parameter).default([]),
  requestBody: body.optional(),
  responses: z.record(z.string(), answer),
})
const item = z.object({
  parameters: z.array(parameter).default([]),
  get: operation.optional(),
  put: operation.optional(),
  post: operation.optional(),
  patch: operation.optional(),
  delete: operation.optional(),
})
const document = z.object({
  info: z.object({ title: z.string(), version: z.string(), description: z.string() }),
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z.record(z.string(), item),
  components: z.object({
    parameters: z.record(z.string(), parameter),
    requestBodies: z.record(z.string(), body),
    headers: z.record(z.string(), header),
    responses: z.record(z.string(), answer),
    schemas: z.record(z.string(), schema),
  }),
})

type File = z.infer<typeof document>

const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const

function operationsAt({ components }: File, path: string, at: z.infer<typeof item>) {
  return METHODS.flatMap((method) => {
    const one = at[method]
    if (one === undefined) return []
    const sent = one.requestBody && resolved(one.requestBody, components.requestBodies)
    return [
      {
        id: one.operationId,
        method: method.toUpperCase(),
        path,
        right: one['x-right'],
        tag: one.tags[0] ?? '',
        summary: one.summary,
        text: one.description,
        parameters: [...at.parameters, ...one.parameters]
          .map((each) => resolved(each, components.parameters))
          .map((each) => ({
            name: each.name,
            in: each.in,
            required: each.required,
            text: each.description,
            type: typeOf(each.schema),
          })),
        body: sent && { required: sent.required, text: sent.description, content: contentOf(sent.content) },
        answers: Object.entries(one.responses).map(([status, each]) =>
          answerOf(status, resolved(each, components.responses), components.headers),
        ),
      },
    ]
  })
}

function answerOf(status: string, found: z.infer<typeof answer>, named: File['components']['headers']) {
  return {
    status,
    text: found.description ?? '',
    codes: found['x-codes'],
    headers: Object.entries(found.headers).map(([name, each]) => {
      const { description, schema: type } = resolved(each, named)
      return { name, text: description, type: typeOf(type) }
    }),
    content: contentOf(found.content),
  }
}

function contentOf(bodies: z.infer<typeof content>) {
  return Object.entries(bodies).map(([mediaType, each]) => ({ mediaType, type: typeOf(each.schema) }))
}

interface Shown {
  readonly words: string
  /** A named type that the words end with. */
  readonly named?: string | undefined
  readonly text?: string | undefined
  readonly fields?: readonly { readonly name: string; readonly required: boolean; readonly type: Shown }[]
  readonly choices?: readonly Shown[]
}

function typeOf(value: Schema): Shown {
  const text = value.description
  if (value.$ref !== undefined) return { words: '', named: nameIn(value.$ref), text }
  const choices = value.oneOf ?? value.anyOf ?? value.allOf
  if (choices !== undefined)
    return {
      words: value.allOf === undefined ? 'one of' : 'all of',
      text,
      choices: choices.map(typeOf),
      ...fieldsOf(value),
    }
  if (value.items !== undefined) {
    const inner = typeOf(value.items)
    const most = value.maxItems === undefined ? '' : `at most ${value.maxItems} `
    return { ...inner, words: `list of ${most}${inner.words}`, text: text ?? inner.text }
  }
  return { words: wordsOf(value), text, ...fieldsOf(value) }
}

function fieldsOf({ properties, required = [], additionalProperties }: Schema): Pick<Shown, 'fields'> {
  const fields = Object.entries(properties ?? {}).map(([name, each]) => ({
    name,
    required: required.includes(name),
    type: typeOf(each),
  }))
  const others = typeof additionalProperties === 'object' ? typeOf(additionalProperties) : undefined
  if (others !== undefined) fields.push({ name: '…', required: false, type: others })
  return fields.length === 0 ? {} : { fields }
}

function wordsOf(value: Schema): string {
  if (value.const !== undefined) return JSON.stringify(value.const)
  const what =
    value.enum?.map((one) => JSON.stringify(one)).join(' | ') ??
    [value.type ?? 'anything'].flat().join(' or ')
  const bounds = [
    value.format,
    value.minimum === undefined ? undefined : `from ${value.minimum}`,
    value.maximum === undefined ? undefined : `to ${value.maximum}`,
    value.maxLength === undefined ? undefined : `at most ${value.maxLength} characters`,
    value.pattern === undefined ? undefined : `matches ${value.pattern}`,
    value.default === undefined ? undefined : `else ${JSON.stringify(value.default)}`,
  ].filter((one) => one !== undefined)
  return bounds.length === 0 ? what : `${what} (${bounds.join(', ')})`
}
