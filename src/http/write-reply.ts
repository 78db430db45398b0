import type { IncomingMessage, ServerResponse } from 'node:http'
import { endResponse, type Head } from './early-answer.ts'
import { endOfTurn } from './end-of-turn.ts'
import type { BodyWriter, Reply } from './exchange.ts'

/** The client closed the connection while a body was being written. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'
}

/**
 * Sends a reply; gives the bytes of its body. A HEAD gets the headers alone. Headers leave with the first chunk, so a
 * body that fails before it can still be answered with an error; the promise then rejects with nothing sent.
 */
export async function writeReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
): Promise<number> {
  const { status, headers = {}, body } = reply
  if (typeof body === 'function') return writeStream(request, response, { status, headers, write: body })
  const bytes = bytesOf(body)
  const known = bodiless(status) || 'content-length' in headers
  const head = known
    ? { status, headers }
    : { status, headers: { ...headers, 'content-length': String(bytes.length) } }
  const sent = request.method === 'HEAD' ? NOTHING : bytes
  await endOfTurn()
  await endResponse(request, response, head, sent)
  return sent.length
}

const NOTHING = Buffer.alloc(0)

/** Not a copy, where bytes were given. */
function bytesOf(body: Uint8Array | string | undefined): Buffer {
  if (body === undefined) return NOTHING
  return typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.length)
}

function bodiless(status: number): boolean {
  return status === 204 || status === 304
}

async function writeStream(
  request: IncomingMessage,
  response: ServerResponse,
  { write, ...head }: Head & { readonly write: BodyWriter },
): Promise<number> {
  let sent = 0
  if (request.method !== 'HEAD')
    await write(async (chunk) => {
      if (!response.headersSent) response.writeHead(head.status, head.headers)
      await writeChunk(request, response, chunk)
      sent += chunk.length
    })
  await endResponse(request, response, head)
  return sent
}

/** Resolves when the kernel has the chunk: its memory is used again then. */
function writeChunk(request: IncomingMessage, response: ServerResponse, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (response.destroyed || request.socket.destroyed) {
      reject(new ClientGone('the client is gone'))
      return
    }
    const gone = (): void => reject(new ClientGone('the client went away'))
    // The socket's, not the response's: while an earlier request is being answered, this response has none yet.
    request.socket.once('close', gone)
    response.write(chunk, (error) => {
      request.socket.off('close', gone)
      if (error) reject(new ClientGone('the client went away', { cause: error }))
      else resolve()
    })
  })
}
