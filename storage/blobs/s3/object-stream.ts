import http from 'node:http'
import https from 'node:https'
import { S3CallFailed } from './s3-errors.ts'

export interface StreamOptions {
  readonly agent: http.Agent
  /** Milliseconds without a byte while one is waited for, after which the connection counts as dead. */
  readonly stall: number
}

/** An answer whose body has not been read yet. */
export interface ObjectAnswer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: AsyncIterable<Uint8Array>
  destroy(): void
}

/** GET of a signed URL; `range` is the header's value. Rejects with S3CallFailed when no answer comes. */
export function getSigned(
  url: string,
  range: string | undefined,
  { agent, stall }: StreamOptions,
): Promise<ObjectAnswer> {
  const { request: open } = url.startsWith('https:') ? https : http
  return new Promise((resolve, reject) => {
    const request = open(url, { agent, ...(range !== undefined && { headers: { range } }) })
    const timer = setTimeout(() => request.destroy(new S3CallFailed('no answer', undefined)), stall)
    request.on('error', (error) => {
      clearTimeout(timer)
      reject(failure(error))
    })
    request.on('response', (response) => {
      clearTimeout(timer)
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: bytesOf(response, stall),
        destroy: () => response.destroy(),
      })
    })
    request.end()
  })
}

function failure(error: Error): S3CallFailed {
  if (error instanceof S3CallFailed) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return new S3CallFailed(code, undefined, error)
}

/** Watches only the times in which a chunk is waited for: a client that reads slowly is no fault of S3. */
async function* bytesOf(response: http.IncomingMessage, stall: number): AsyncGenerator<Uint8Array> {
  let waiting = true
  const timer = setTimeout(() => {
    if (waiting) response.destroy(new S3CallFailed('no more bytes came', undefined))
  }, stall)
  try {
    for await (const chunk of response) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError('a response must give bytes')
      waiting = false
      yield chunk
      waiting = true
      timer.refresh()
    }
  } catch (error) {
    throw error instanceof Error ? failure(error) : error
  } finally {
    clearTimeout(timer)
  }
}
