import { expect, test } from 'vitest'
import { AUDITED, NOT_AUDITED } from '../src/http/audited.ts'
import { composedRoutes } from './routes.ts'

test('every operation that could change something is in the audit log, or it is said why not', async () => {
  const routes = await composedRoutes()
  const changing = routes.filter(({ method }) => method !== 'GET').map(({ operationId }) => operationId)
  const listed = [...Object.keys(AUDITED), ...Object.keys(NOT_AUDITED)]
  expect(listed.toSorted()).toEqual(changing.toSorted())
})

test('no field that is told has the name of a secret', () => {
  const fields = Object.values(AUDITED).flat()
  expect(fields.filter((field) => /secret|password|token|key/i.test(field))).toEqual([])
})
