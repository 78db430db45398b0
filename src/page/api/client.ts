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
  const value = text === '' ? undefined : parsed(text)
  if ((text !== '' && value === undefined) || !isAnswer(id, value)) throw problemOf(response, undefined)
  return value
}

/** Bytes of a file of a layer or image, and how many the whole file has. Rejects as `call` does. */
export async function readFileBytes<Id extends 'getLayerFile' | 'getImageFile' | 'getLayerBytes'>(
  id: Id,
  input: Input<Id>,
  signal?: AbortSignal,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly size: number }> {
  const response = await send(id, input, signal)
  const bytes = new Uint8Array(await response.arrayBuffer())
  return { bytes, size: Number(response.headers.get('x-file-size') ?? bytes.length) }
}

/**
 * Sends bytes as the body of an operation, and tells how many have left. By XMLHttpRequest, since fetch does not tell.
 * Rejects as `call` does.
 */
export function sendBytes<Id extends keyof Operations>(
  id: Id,
  { query, bytes, type }: { readonly query: Input<Id>['query']; readonly bytes: Blob; readonly type: string },
  { signal, sent }: { readonly signal: AbortSignal; readonly sent: (bytes: number) => void },
): Promise<Operations[Id]['answer']> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(OPERATIONS[id][0], addressOf(id, query === undefined ? {} : { query }))
    request.setRequestHeader('content-type', type)
    request.upload.addEventListener('progress', ({ loaded }) => sent(loaded))
    request.addEventListener('load', () => {
      const value = parsed(request.responseText)
      if (request.status >= 200 && request.status < 300 && isAnswer(id, value)) resolve(value)
      else reject(problemOf(headOf(request), value))
    })
    request.addEventListener('error', () => reject(brokenOff()))
    request.addEventListener('abort', () => reject(signal.reason))
    signal.addEventListener('abort', () => request.abort())
    request.send(bytes)
  })
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
    throw offline()
  })
  if (!response.ok) throw problemOf(response, parsed(await response.text()))
  return response
}

function offline(): Problem {
  return new Problem({
    status: 0,
    code: 'OFFLINE',
    message: 'the registry does not answer; is it running, and reachable from here?',
  })
}

function brokenOff(): Problem {
  return new Problem({
    status: 0,
    code: 'OFFLINE',
    message:
      'the connection broke, or the file changed, before all of it was sent; send it again, what came whole does not go twice',
  })
}

type Head = Pick<Response, 'status' | 'statusText'> & { readonly headers: Pick<Headers, 'get'> }

function headOf(request: XMLHttpRequest): Head {
  const { status, statusText } = request
  return { status, statusText, headers: { get: (name) => request.getResponseHeader(name) } }
}

function problemOf({ status, statusText, headers }: Head, body: unknown): Problem {
  const [first] = isErrors(body) ? body.errors : []
  const requestId = first?.detail.requestId ?? headers.get('x-request-id') ?? undefined
  const message =
    first?.message ??
    `the answer, ${`${status} ${statusText}`.trim()}, is not the registry's own; try again, or ask who runs the proxy before it`
  return new Problem({ status, code: first?.code ?? 'PROXY', message, requestId })
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
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
