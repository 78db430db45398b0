import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { projectRoot } from './workspace.ts'

/** Where install.sh puts what a Kubernetes 1.30 says of its own API. */
const SCHEMAS = path.join(projectRoot, '.work/kubernetes-1.30')
const object = z.object({ apiVersion: z.string(), kind: z.string() })
const published = z.object({ components: z.object({ schemas: z.record(z.string(), z.unknown()) }) })
const named = z.object({
  'x-kubernetes-group-version-kind': z.array(z.object({ kind: z.string() })).optional(),
})
const jsonSchema = z.custom<Parameters<typeof z.fromJSONSchema>[0]>((value) => typeof value === 'object')
const fields = z.record(z.string(), z.unknown())
const known = new Map<string, z.ZodType>()

/**
 * Checks every object of a YAML text against the schemas of Kubernetes; unknown fields are mistakes. Gives the kinds, with
 * those in parentheses that are not Kubernetes' own. Throws with the places of what is wrong.
 */
export async function checkKubernetes(text: string): Promise<string[]> {
  const kinds: string[] = []
  for (const document of parseAllDocuments(text)) {
    const value: unknown = document.toJS()
    if (value === null) continue
    const { apiVersion, kind } = object.parse(value)
    const own = !apiVersion.includes('/') || /^[a-z]+\/|\.k8s\.io\//.test(apiVersion)
    if (own) complain(kind, (await schemaOf(apiVersion, kind)).safeParse(value))
    kinds.push(own ? kind : `(${kind})`)
  }
  return kinds
}

function complain(kind: string, { error }: z.ZodSafeParseResult<unknown>): void {
  if (error === undefined) return
  throw new Error(
    `${kind}: ${error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`,
  )
}

async function schemaOf(apiVersion: string, kind: string): Promise<z.ZodType> {
  const key = `${apiVersion} ${kind}`
  const made = known.get(key) ?? (await makeSchema(apiVersion, kind))
  known.set(key, made)
  return made
}

async function makeSchema(apiVersion: string, kind: string): Promise<z.ZodType> {
  const file = path.join(SCHEMAS, apiVersion.includes('/') ? 'apis' : 'api', `${apiVersion}.json`)
  const { schemas } = published.parse(JSON.parse(await readFile(file, 'utf8'))).components
  const found = Object.entries(schemas).find(([, schema]) =>
    named.parse(schema)['x-kubernetes-group-version-kind']?.some((one) => one.kind === kind),
  )
  if (found === undefined) throw new Error(`${apiVersion} has no ${kind}`)
  const $defs = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, strict(schema)]))
  return z.fromJSONSchema(jsonSchema.parse({ $ref: `#/$defs/${found[0]}`, $defs }))
}

/** A schema as JSON Schema has it, that takes no field which it does not name. */
function strict(schema: unknown): unknown {
  const {
    $ref,
    allOf,
    oneOf,
    type,
    properties,
    required,
    items,
    additionalProperties,
    enum: values,
  } = fields.parse(schema)
  const list = z.array(z.unknown())
  if (typeof $ref === 'string') return { $ref: $ref.replace('#/components/schemas/', '#/$defs/') }
  // A reference with a default beside it.
  if (allOf !== undefined) return strict(list.length(1).parse(allOf)[0])
  if (oneOf !== undefined) return { oneOf: list.parse(oneOf).map(strict) }
  return {
    ...(type !== undefined && { type }),
    ...(values !== undefined && { enum: values }),
    ...(required !== undefined && { required }),
    ...(items !== undefined && { items: strict(items) }),
    ...(additionalProperties !== undefined && { additionalProperties: strict(additionalProperties) }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(fields.parse(properties)).map(([name, inner]) => [name, strict(inner)]),
      ),
      additionalProperties: false,
    }),
  }
}
