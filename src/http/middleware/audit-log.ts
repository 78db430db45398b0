import type { Logger } from 'pino'
import { z } from 'zod'
import { AUDITED } from '../audited.ts'
import { isControlRequest } from '../control-socket.ts'
import { parsedBody } from '../request-body.ts'
import type { RequestState } from './request-state.ts'

/** Characters of one value, and values of one query field, that are told. */
const LONGEST = 1000
const MOST = 100

/** What an audit line says. Names and meanings are kept: programs read them. */
interface Audited {
  /** An operation of openapi.yaml, or `login`. */
  readonly action: string
  /** The account, as `user:alice`; empty when a login names nobody who is known. */
  readonly who: string
  readonly what: Readonly<Record<string, unknown>>
  /** An address, or `control socket`. */
  readonly from: string
  readonly outcome: 'done' | 'refused' | 'failed' | 'unanswered'
  readonly status: number
  readonly code?: unknown
}

/**
 * One line for each request that changes rights or content or tries to, and for each login that is refused, or that the
 * client keeps.
 */
export function auditLog(log: Logger): (state: RequestState) => void {
  return (state) => {
    const audit = auditOf(state)
    if (audit !== undefined) log.info({ audit, requestId: state.id }, 'audit')
  }
}

function auditOf(state: RequestState): Audited | undefined {
  const { request, response, client, fields, refused, route } = state
  const from = isControlRequest(request) ? 'control socket' : client.address
  const { code } = fields
  const rest = { from, status: response.statusCode, ...(code !== undefined && { code }) }
  if (refused !== undefined)
    return { action: 'login', who: refused.account ?? '', what: {}, ...rest, outcome: 'refused' }
  const who = fields['account']
  const kept = fields['keptLogin']
  if (typeof who === 'string' && kept !== undefined)
    return {
      action: 'login',
      who,
      what: { name: kept, id: fields['id'] },
      ...rest,
      outcome: outcomeOf(state),
    }
  const told = route && AUDITED[route.operationId]
  // Nobody in particular was only told to log in.
  if (route === undefined || told === undefined || typeof who !== 'string' || who === '') return undefined
  return { action: route.operationId, who, what: whatOf(state, told), ...rest, outcome: outcomeOf(state) }
}

function outcomeOf({ response, fields }: RequestState): Audited['outcome'] {
  if (fields['aborted'] === true) return 'unanswered'
  const { statusCode } = response
  if (statusCode === 401 || statusCode === 403) return 'refused'
  return statusCode >= 400 || fields['code'] !== undefined ? 'failed' : 'done'
}

const fieldsOf = z.record(z.string(), z.unknown()).catch({})

/** What the path names, what was asked for, and what the answer came to. */
function whatOf(
  { request, query, params, fields }: RequestState,
  told: readonly string[],
): Record<string, unknown> {
  const body = fieldsOf.parse(parsedBody(request))
  const asked = told.flatMap((name) => {
    const values = query.getAll(name).slice(0, MOST)
    const value = body[name] ?? (values.length > 1 ? values : values[0])
    return value === undefined ? [] : [[name, brief(value)] as const]
  })
  const { digest, id } = fields
  return {
    ...Object.fromEntries(Object.entries(params).map(([name, value]) => [name, brief(value)])),
    ...Object.fromEntries(asked),
    ...(digest !== undefined && { digest }),
    ...(id !== undefined && { id }),
  }
}

/** A value as it is, or the beginning of one that is long. */
function brief(value: unknown): unknown {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length <= LONGEST ? value : `${text.slice(0, LONGEST)}…`
}
