import { BASE } from '../location.ts'
import { type Errors, OPERATIONS, type Operations } from './schema.generated.ts'

/** Why a request failed, in the words of the server. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly code: string
  /** Finds the request in the server's log. */
  readonly requestId: string | undefined

  constructor(parts: { status: number; code: string; message: string; requestId?: string | undefined }) {
    super(parts.message)
    this.status = parts.status
    this.code = parts.code
    this.requestId = parts.requestId
  }
}

type Input<Id extends keyof Operations> = Partial<Pick<Operations[Id], 'params' | 'query' | 'body'>>

/** Calls an operation of /api/v1. Rejects with a Problem, or with the signal's reason. */
export async function call<Id extends keyof Operations>(
  id: Id,
  input: Input<Id> = {},
  signal?: AbortSignal,
): Promise<Operations[Id]['answer']> {
  const response = await send(id, input, signal)
  const text = await response.text()
  const value: unknown = text === '' ? undefined : JSON.parse(text)
  if (!isAnswer(id, value)) throw problemOf(response, undefined)
  return value
}

/** Bytes of a file of a layer, and how many the whole file has. Rejects as `call` does. */
export async function readFileBytes(
  input: Input<'getLayerFile'>,
  signal?: AbortSignal,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly size: number }> {
  const response = await send('getLayerFile', input, signal)
  const bytes = new Uint8Array(await response.arrayBuffer())
  return { bytes, size: Number(response.headers.get('x-file-size') ?? bytes.length) }
}

/** The address of an operation, on this server. */
export function addressOf<Id extends keyof Operations>(id: Id, input: Input<Id> = {}): string {
  const path = OPERATIONS[id][1].replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(Object.entries(input.params ?? {}).find(([key]) => key === name)?.[1] ?? ''),
  )
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(input.query ?? {}))
    for (const one of [value].flat()) if (one !== undefined) query.append(name, String(one))
  return `${BASE}api/v1/${path}${query.size === 0 ? '' : `?${query}`}`
}

async function send<Id extends keyof Operations>(
  id: Id,
  input: Input<Id>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const response = await fetch(addressOf(id, input), {
    method: OPERATIONS[id][0],
    credentials: 'same-origin',
    ...(input.body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input.body),
    }),
    ...(signal !== undefined && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error
    throw new Problem({
      status: 0,
      code: 'OFFLINE',
      message: 'the registry does not answer; is it running, and reachable from here?',
    })
  })
  if (!response.ok) throw problemOf(response, await jsonOf(response))
  return response
}

function problemOf(response: Response, body: unknown): Problem {
  const [first] = isErrors(body) ? body.errors : []
  const requestId = first?.detail.requestId ?? response.headers.get('x-request-id') ?? undefined
  const message = first?.message ?? `the answer was ${response.status} ${response.statusText}`
  return new Problem({ status: response.status, code: first?.code ?? 'UNKNOWN', message, requestId })
}

async function jsonOf(response: Response): Promise<unknown> {
  try {
    const value: unknown = JSON.parse(await response.text())
    return value
  } catch {
    // A proxy in between answered in its own way: the status has to do.
    return undefined
  }
}

/** The page and the server are of one version, and a test compares openapi.yaml with what is served: that it is JSON will do. */
function isAnswer<Id extends keyof Operations>(_: Id, value: unknown): value is Operations[Id]['answer'] {
  return value === undefined || typeof value === 'object'
}

function isErrors(value: unknown): value is Errors {
  return typeof value === 'object' && value !== null && 'errors' in value && Array.isArray(value.errors)
}
