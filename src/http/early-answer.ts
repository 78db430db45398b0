import type { IncomingMessage, ServerResponse } from 'node:http'
import { awaitsContinue } from './continue.ts'

/** A body up to this many bytes is sent together with its head. */
const ONE_PIECE = 64 * 1024
/** A body up to this many bytes is read to its end, and the connection kept. */
const SMALL_BODY = 256 * 1024
/** So many bytes, or milliseconds, of a larger body are thrown away before the connection is closed. */
const DRAIN_BYTES = 16 * 1024 * 1024
const DRAIN_MS = 5_000
/** How long the client may take to notice that we closed our side. */
const LINGER_MS = 2_000

/** Status and headers of an answer, Content-Length among them where there is a body. */
export interface Head {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Sends the head, if it has not left yet, and the rest of the body, and ends the response; also when the body of its
 * request has not been read to the end: closing then would reset the connection, and Go clients would report a broken
 * pipe instead of our status. So the whole answer is sent first, the body is thrown away within bounds, and then the
 * connection closed, gently.
 *
 * Reading the request must have stopped without destroying it: `for await` over it does, unless it is over
 * `request.iterator({ destroyOnReturn: false })`.
 */
export async function endResponse(
  request: IncomingMessage,
  response: ServerResponse,
  head: Head,
  body: Buffer = Buffer.alloc(0),
): Promise<void> {
  const rest = bodyLength(request)
  if (rest === 0 || request.complete || request.destroyed) {
    end(response, head, body)
  } else if (rest <= SMALL_BODY && !awaitsContinue(request)) {
    request.resume()
    end(response, head, body)
  } else {
    // Who was not told to continue may hold its body back, or send it unasked: what comes next here is unknown.
    await answerThenDrain(request, response, { head: closing(head), body })
  }
}

function closing({ status, headers }: Head): Head {
  return { status, headers: { ...headers, connection: 'close' } }
}

function writeHead(response: ServerResponse, { status, headers }: Head): void {
  if (!response.headersSent) response.writeHead(status, headers)
}

/**
 * A body as text joins the head in one piece, which the kernel takes faster than two; latin1 keeps every byte.
 */
function end(response: ServerResponse, head: Head, body: Buffer): void {
  writeHead(response, head)
  if (body.length > ONE_PIECE) response.end(body)
  else response.end(body.toString('latin1'), 'latin1')
}

/** Bytes that the head of a request announces; infinite when it does not say. Also right before the parser is done. */
function bodyLength({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return Number.POSITIVE_INFINITY
  return Number(headers['content-length'] ?? 0)
}

async function answerThenDrain(
  request: IncomingMessage,
  response: ServerResponse,
  { head, body }: { readonly head: Head; readonly body: Buffer },
): Promise<void> {
  writeHead(response, head)
  // The client must have the whole answer before we call end(), which closes at once.
  response.flushHeaders()
  if (body.length > 0 && request.method !== 'HEAD') response.write(body)
  if (await drained(request, DRAIN_BYTES, DRAIN_MS)) {
    response.end()
    return
  }
  request.socket.end()
  await drained(request, Number.POSITIVE_INFINITY, LINGER_MS)
  request.socket.destroy()
}

/** Throws away what comes. True when the request ended or its client is gone, false when a bound was reached. */
function drained(request: IncomingMessage, bytes: number, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    let seen = 0
    const timer = setTimeout(() => finish(false), milliseconds)
    const onData = (chunk: Uint8Array): void => {
      seen += chunk.length
      if (seen > bytes) finish(false)
    }
    const onEnd = (): void => finish(true)
    const finish = (complete: boolean): void => {
      clearTimeout(timer)
      request.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onEnd)
      // Still no listener may mean that nothing reads any more: keep the bytes moving until the connection is closed.
      request.resume()
      resolve(complete)
    }
    if (request.readableEnded || request.destroyed) finish(true)
    else request.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onEnd).resume()
  })
}
