import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import { RegistryError } from '../oci/registry-error.ts'
import { repeatedMember } from '../oci/repeated-member.ts'
import { JoinedBytes } from './joined-bytes.ts'
import { stillAllowed } from './late-body.ts'

/** Bytes that a body of /api/v1 or of the token endpoint may have. */
const BODY_LIMIT = 64 * 1024

/**
 * The body as it comes. The request stays whole when the reading stops early, so that an early answer reaches the
 * client.
 */
export async function* bytesOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('the request stream must give bytes')
    yield chunk
  }
}

/**
 * The whole body, at most `limit` bytes. Throws REQUEST_INVALID with 413 for a longer one, whose rest stays unread and
 * whose connection stays whole for the answer; and what refuses a caller who lost the right while the body came.
 */
export async function readBody(request: IncomingMessage, limit = BODY_LIMIT): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLong(limit)
  const body = new JoinedBytes(limit)
  for await (const piece of bytesOf(request)) if (!body.add(piece)) throw tooLong(limit)
  await stillAllowed(request)
  const { buffer, byteOffset, length } = body.bytes()
  return Buffer.from(buffer, byteOffset, length)
}

/**
 * The JSON body, as `schema` has it; no body counts as `{}`. Schemas are strict: fields that nobody asked for are
 * refused, never stored, and so are those that are said twice. Throws REQUEST_INVALID that names the field.
 */
export async function readJson<Schema extends z.ZodType>(
  request: IncomingMessage,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const bytes = await readBody(request)
  // Also keeps forms of other sites out: a browser sends this type across origins only after asking.
  if (bytes.length > 0 && mediaTypeOf(request) !== 'application/json')
    throw invalid('send the body as Content-Type: application/json', { status: 415 })
  const parsed = schema.safeParse(parseJson(bytes))
  if (parsed.success) {
    bodies.set(request, parsed.data)
    return parsed.data
  }
  const [issue] = parsed.error.issues
  const field = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : (issue?.path ?? []).join('.')
  throw invalid(`${field === '' ? 'the body' : `field '${field}'`}: ${issue?.message ?? 'is not right'}`, {
    detail: { field },
  })
}

const bodies = new WeakMap<IncomingMessage, unknown>()

/** What readJson has made of a request's body. It may hold secrets: pick what is to be told. */
export function parsedBody(request: IncomingMessage): unknown {
  return bodies.get(request)
}

/** The request's media type without parameters, in lower case. */
export function mediaTypeOf(request: IncomingMessage): string {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';')
  return type.trim().toLowerCase()
}

function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return {}
  if (!isUtf8(bytes)) throw invalid('the body is not JSON, which is UTF-8', {})
  const field = repeatedMember(bytes)
  if (field !== undefined)
    throw invalid(`field '${field.slice(0, 100)}' stands twice in one object; say it once`, {
      detail: { field },
    })
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return value
  } catch (cause) {
    throw invalid('the body is not JSON', { cause })
  }
}

function tooLong(limit: number): RegistryError {
  return invalid(`the body is longer than ${limit} bytes`, { status: 413 })
}

function invalid(
  message: string,
  parts: { status?: number; cause?: unknown; detail?: Readonly<Record<string, unknown>> },
): RegistryError {
  return new RegistryError('REQUEST_INVALID', { message, ...parts })
}
