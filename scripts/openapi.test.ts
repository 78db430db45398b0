import { expect, test } from 'vitest'
import { ERROR_CODES } from '../src/oci/error-code.ts'
import { EXPLANATIONS, isErrorCode } from './error-document.ts'
import { type Operation, readOpenapi } from './openapi.ts'
import { nameIn } from './openapi-schema.ts'
import { composedRoutes } from './routes.ts'

const { everything, paths, components } = readOpenapi()
const routes = await composedRoutes()

interface Described extends Operation {
  readonly method: string
  readonly path: string
  /** Names of the parameters in the path, those of the whole path first. */
  readonly pathParameters: readonly string[]
}

const operations: Described[] = Object.entries(paths).flatMap(([path, { parameters = [], ...methods }]) =>
  Object.entries(methods).flatMap(([method, operation]) => {
    if (operation === undefined) return []
    const all = [...parameters, ...(operation.parameters ?? [])].map(parameterOf)
    const pathParameters = all.filter((parameter) => parameter?.in === 'path').map((one) => one?.name ?? '')
    return [{ ...operation, method: method.toUpperCase(), path, pathParameters }]
  }),
)

test('openapi.yaml has the routes of the server: method, path, operation, right', () => {
  const served = routes.map(({ method, path, operationId, right }) => ({ method, path, operationId, right }))
  const described = operations
    .filter(({ method }) => method !== 'HEAD')
    .map(({ method, path, operationId, 'x-right': right }) => ({ method, path, operationId, right }))
  const byId = (a: { operationId: string }, b: { operationId: string }) =>
    a.operationId < b.operationId ? -1 : 1
  expect(described.sort(byId)).toEqual(served.sort(byId))
})

test('operations have names of their own; HEAD is named after its GET and needs the same right', () => {
  const ids = operations.map(({ operationId }) => operationId)
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  for (const head of operations.filter(({ method }) => method === 'HEAD')) {
    const get = paths[head.path]?.get
    expect([head.operationId, head['x-right']]).toEqual([`${get?.operationId}Head`, get?.['x-right']])
  }
})

test('a right that needs an account says so as security, and what anyone may do asks for nothing', () => {
  const needsNobody = ({ security }: Described) =>
    security?.length === 0 || security?.some((one) => Object.keys(one).length === 0) === true
  const open = ['anyone', 'pull', 'pull-ref', 'project-viewer']
  const wrong = operations.filter((one) => needsNobody(one) !== open.includes(one['x-right']))
  expect(wrong.map(({ operationId }) => operationId)).toEqual([])
})

test('parameters of a path are those that its template names', () => {
  const templates = operations.map(({ path }) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
  expect(operations.map(({ pathParameters }) => pathParameters)).toEqual(templates)
})

test('every operation says how it succeeds, and how it fails', () => {
  for (const { operationId, responses } of operations) {
    const statuses = Object.keys(responses)
    expect(statuses, operationId).toContain('default')
    expect(
      statuses.some((status) => status.startsWith('2')),
      operationId,
    ).toBe(true)
  }
})

test('the error codes are those of the server, and each is the answer of something', () => {
  const codes = Object.keys(ERROR_CODES).sort()
  expect([...components.schemas.ErrorCode.enum].sort()).toEqual(codes)
  const used = operations.flatMap(({ responses }) => Object.values(responses)).flatMap(codesOf)
  expect([...new Set(used)].sort()).toEqual(codes)
})

test('a code comes with the status that docs/errors.md says', () => {
  const answers = operations.flatMap(({ responses }) => Object.entries(responses))
  const wrong = answers.flatMap(([status, answer]) =>
    codesOf(answer)
      .filter((code) => status !== 'default' && !statusesOf(code).includes(status))
      .map((code) => `${status} ${code}`),
  )
  expect(wrong).toEqual([])
})

test('every $ref leads somewhere, and every component is referred to', () => {
  const references = [...new Set(referencesIn(everything))]
  expect(references.filter((reference) => lookUp(reference) === undefined)).toEqual([])
  const kinds = ['parameters', 'headers', 'requestBodies', 'responses', 'schemas']
  const known = kinds.flatMap((kind) => {
    const found = lookUp(`#/components/${kind}`)
    return typeof found === 'object' && found !== null
      ? Object.keys(found).map((name) => `${kind}/${name}`)
      : []
  })
  expect(known.filter((name) => !references.includes(`#/components/${name}`))).toEqual([])
})

type Parameter = NonNullable<Operation['parameters']>[number]

function parameterOf(parameter: Parameter) {
  return '$ref' in parameter ? components.parameters[nameIn(parameter.$ref)] : parameter
}

function codesOf(answer: Operation['responses'][string]): readonly string[] {
  const response = '$ref' in answer ? components.responses[nameIn(answer.$ref)] : answer
  return response?.['x-codes'] ?? []
}

function statusesOf(code: string): readonly string[] {
  return isErrorCode(code)
    ? [`${ERROR_CODES[code].status}`, ...Object.keys(EXPLANATIONS[code].also ?? {})]
    : []
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    key === '$ref' && typeof inner === 'string' ? [inner] : referencesIn(inner),
  )
}

function lookUp(reference: string): unknown {
  let found: unknown = everything
  for (const key of reference.replace('#/', '').split('/')) {
    if (typeof found !== 'object' || found === null) return undefined
    found = Object.entries(found).find(([name]) => name === key)?.[1]
  }
  return found
}
