import { z } from 'zod'
import type { Handler } from '../exchange.ts'
import type { ReadOnlySwitch } from '../read-only.ts'
import { readJson } from '../request-body.ts'
import type { Route } from '../route.ts'
import { answer } from './answers.ts'

const state = z.strictObject({ readOnly: z.boolean(), reason: z.string().max(500).optional() })

/** Whether writes are refused, and the switch for it. */
export function readOnlyRoutes(readOnly: ReadOnlySwitch): Route[] {
  const path = '/api/v1/read-only'
  const show: Handler = async () => answer(200, await readOnly.state())
  const set: Handler = async ({ request }) => {
    const wanted = await readJson(request, state)
    await readOnly.set(wanted.readOnly, wanted.reason)
    return answer(200, await readOnly.state())
  }
  return [
    { operationId: 'getReadOnly', method: 'GET', path, right: 'administrator', handle: show },
    { operationId: 'setReadOnly', method: 'PUT', path, right: 'administrator', handle: set },
  ]
}
